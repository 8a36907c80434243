using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace Meridian.Grains.Silos;

/// <summary>
/// Tells running attempts at other silos when those silos are gone. Problem: without this, a call to a killed silo fails only when the cluster has
/// voted the silo dead, which takes seconds.
/// </summary>
/// <remarks>
/// There are two kinds of evidence. The first is the end of a connection that this silo opened; it comes at once if the process died. The second is
/// the membership's verdict; it covers silos that are silent.
/// If the connection to a live silo ends, idempotent requests are only attempted a second time. Connections that other silos opened do not name their
/// silo, so they are no evidence.
/// </remarks>
public sealed partial class SiloLiveness(ILogger<SiloLiveness> logger, ISiloStatusOracle? oracle = null) : ISiloStatusListener, ILifecycleParticipant<ISiloLifecycle>
{
    private readonly ConcurrentDictionary<SiloAddress, SiloWatch> _watches = new();

    /// <summary>The watch of a silo. Null for this silo.</summary>
    public SiloWatch? Watch(SiloAddress silo)
    {
        ArgumentNullException.ThrowIfNull(silo);
        if (oracle is null || silo.Equals(oracle.SiloAddress)) return null;
        if (_watches.TryGetValue(silo, out var known)) return known;

        var watch = _watches.GetOrAdd(silo, static _ => new SiloWatch());

        // The verdict may have arrived after the report that named the silo and before this watch existed.
        if (oracle.IsDeadSilo(silo)) watch.Dead();
        return watch;
    }

    public void SiloStatusChangeNotification(SiloAddress updatedSilo, SiloStatus status)
    {
        if (status == SiloStatus.Dead && _watches.TryRemove(updatedSilo, out var watch)) watch.Dead();
    }

    public void Participate(ISiloLifecycle lifecycle)
    {
        ArgumentNullException.ThrowIfNull(lifecycle);
        lifecycle.Subscribe(
            nameof(SiloLiveness),
            ServiceLifecycleStage.RuntimeServices,
            _ =>
            {
                oracle?.SubscribeToSiloStatusEvents(this);
                return Task.CompletedTask;
            },
            _ =>
            {
                oracle?.UnSubscribeFromSiloStatusEvents(this);
                return Task.CompletedTask;
            });
    }

    /// <summary>Watches an outbound connection until it ends.</summary>
    internal async Task WatchConnectionAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        try
        {
            await next(connection).ConfigureAwait(false);
        }
        finally
        {
            if (connection.RemoteEndPoint is IPEndPoint endpoint) ConnectionLost(endpoint);
        }
    }

    private void ConnectionLost(IPEndPoint endpoint)
    {
        foreach (var (silo, watch) in _watches)
        {
            if (!silo.Endpoint.Equals(endpoint)) continue;
            LogConnectionLost(silo);
            watch.ConnectionLost();
        }
    }
}
