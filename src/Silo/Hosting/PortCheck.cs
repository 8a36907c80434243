using System.Net;
using System.Net.Sockets;
using Meridian.Silo.Configuration;
using Meridian.Silo.Processes;

namespace Meridian.Silo.Hosting;

/// <summary>
/// Checks that ports are free before the expensive part of a start. Another process can still take a port after the check; then the bind fails with the
/// system's message.
/// </summary>
public static class PortCheck
{
    /// <summary>The ports on which a region's process with these roles listens.</summary>
    /// <param name="region">The region.</param>
    /// <param name="roles">The roles of the process.</param>
    /// <param name="intent">The store of the intent. Only the intent log with Raft needs a consensus port.</param>
    public static IEnumerable<NamedPort> PortsOf(RegionPlan region, RegionRoles roles, IntentKind intent)
    {
        var facade = roles.HasFlag(RegionRoles.Facade);
        var control = roles.HasFlag(RegionRoles.Control) && intent != IntentKind.None;
        return PortsOf(region, roles, intent, new RegionListeners(facade ? region.Facade : null, facade ? region.Protocol : null, control ? region.Control : null), region.Consensus);
    }

    /// <summary>The ports on which the process with these settings listens.</summary>
    internal static IEnumerable<NamedPort> PortsOf(RegionPlan region, MeridianOptions options, RegionListeners listeners) =>
        PortsOf(region, options.Process.Roles, options.Intent.Kind, listeners, options.Process.ConsensusListen ?? region.Consensus);

    /// <summary>The ports on which a witness listens.</summary>
    internal static IEnumerable<NamedPort> PortsOf(WitnessEntry witness, MeridianOptions options, RegionListeners listeners) =>
    [
        new NamedPort($"{witness.Name}, control", listeners.Control!.Port),
        new NamedPort($"{witness.Name}, consensus", new Uri($"http://{options.Process.ConsensusListen ?? witness.Consensus}").Port),
    ];

    private static IEnumerable<NamedPort> PortsOf(RegionPlan region, RegionRoles roles, IntentKind intent, RegionListeners listeners, string consensus)
    {
        if (listeners.Facade is not null)
        {
            yield return new NamedPort($"{region.Name}, facade", listeners.Facade.Port);
        }

        if (listeners.Protocol is not null)
        {
            yield return new NamedPort($"{region.Name}, region protocol", listeners.Protocol.Port);
        }

        if (listeners.Control is not null)
        {
            yield return new NamedPort($"{region.Name}, control", listeners.Control.Port);
            if (intent == IntentKind.Raft)
            {
                yield return new NamedPort($"{region.Name}, consensus", new Uri($"http://{consensus}").Port);
            }
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

    /// <exception cref="StartRefusedException">At least one port is in use. The message names all of them.</exception>
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
