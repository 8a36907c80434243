using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace Meridian.Grains.Silos;

/// <summary>
/// Tells attempts at other silos that these are gone. A call in flight to a silo that was killed is otherwise answered only when the cluster has voted it dead, seconds later.
/// </summary>
/// <remarks>
/// Two kinds of evidence: a connection that this silo opened is closed, at once for a process that died; and the membership's verdict, for silence. A closed connection to a silo that
/// lives costs a second attempt of idempotent requests, nothing more. Connections that others opened do not name their silo and are no evidence.
/// </remarks>
public sealed partial class SiloLiveness(ILogger<SiloLiveness> logger, ISiloStatusOracle? oracle = null) : ISiloStatusListener, ILifecycleParticipant<ISiloLifecycle>
{
    private readonly ConcurrentDictionary<SiloAddress, SiloWatch> _watches = new();

    /// <summary>The life of a silo, or null for this one.</summary>
    public SiloWatch? Watch(SiloAddress silo)
    {
        ArgumentNullException.ThrowIfNull(silo);
        if (oracle is null || silo.Equals(oracle.SiloAddress)) return null;
        if (_watches.TryGetValue(silo, out var known)) return known;

        var watch = _watches.GetOrAdd(silo, static _ => new SiloWatch());

        // The verdict may have come between the report that names the silo and this watch.
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
