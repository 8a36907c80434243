using System.Net;
using System.Net.Sockets;
using Orleans.Messaging;

namespace Meridian.Client.Regions;

/// <summary>
/// The configured gateways. IP addresses are returned unchanged. Host names are resolved at every refresh, so that a region that comes back at another
/// address is found. A name that does not resolve is left out. If no gateway is left, the error of the lookup is thrown.
/// </summary>
internal sealed class GatewayList(IReadOnlyList<GatewayAddress> gateways, TimeSpan refreshPeriod) : IGatewayListProvider
{
    public TimeSpan MaxStaleness => refreshPeriod;

    public bool IsUpdatable => true;

    public Task InitializeGatewayListProvider() => Task.CompletedTask;

    public async Task<IList<Uri>> GetGateways()
    {
        var list = new List<Uri>(gateways.Count);
        SocketException? unresolved = null;
        foreach (var gateway in gateways)
        {
            if (IPAddress.TryParse(gateway.Host, out var address))
            {
                list.Add(ToUri(address, gateway.Port));
                continue;
            }

            try
            {
                foreach (var resolved in await Dns.GetHostAddressesAsync(gateway.Host))
                    list.Add(ToUri(resolved, gateway.Port));
            }
            catch (SocketException e)
            {
                unresolved = e;
            }
        }

        return list.Count > 0 || unresolved is null ? list : throw unresolved;
    }

    // Orleans' form of a gateway's address. Generation 0 means "any process that listens there".
    private static Uri ToUri(IPAddress address, int port) => SiloAddress.New(new IPEndPoint(address, port), 0).ToGatewayUri();
}
