using System.Net;
using System.Net.Sockets;
using Meridian.Silo.Configuration;

namespace Meridian.Silo.Hosting;

/// <summary>
/// Looks whether ports are free before anything heavy starts. Another process can still take one in between; the bind then fails with the system's own words.
/// </summary>
public static class PortCheck
{
    /// <summary>Ports that a region's process with these roles listens on.</summary>
    public static IEnumerable<NamedPort> PortsOf(RegionPlan region, RegionRoles roles, Uri? facade = null, Uri? protocol = null)
    {
        if (roles.HasFlag(RegionRoles.Facade))
        {
            yield return new NamedPort($"{region.Name}, facade", (facade ?? region.Facade).Port);
            yield return new NamedPort($"{region.Name}, region protocol", (protocol ?? region.Protocol).Port);
        }

        if (roles.HasFlag(RegionRoles.Silo))
        {
            yield return new NamedPort($"{region.Name}, silo", region.SiloPort);
            yield return new NamedPort($"{region.Name}, Orleans gateway", region.GatewayPort);
        }

        if (roles.HasFlag(RegionRoles.Store) && region.Store.Kind == StoreKind.Garnet)
        {
            yield return new NamedPort($"{region.Name}, store", region.StorePort);
        }
    }

    /// <exception cref="StartRefusedException">At least one is in use: names all of them.</exception>
    public static void EnsureFree(IEnumerable<NamedPort> ports)
    {
        var taken = ports.Where(port => !IsFree(port.Port)).ToArray();
        if (taken.Length > 0)
        {
            throw new StartRefusedException(
                $"{(taken.Length == 1 ? "A port is" : "Ports are")} in use: {string.Join(", ", taken.Select(port => $"{port.Port} ({port.Use})"))}. "
                + $"Stop the process that listens there (`ss -ltnp 'sport = :{taken[0].Port}'` shows it), or choose other ports with --ports-from N.");
        }
    }

    private static bool IsFree(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            socket.Listen(1);
            return true;
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.AddressAlreadyInUse or SocketError.AccessDenied)
        {
            return false;
        }
    }
}
