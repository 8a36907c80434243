using Meridian.Messages;

namespace Meridian.Client;

/// <summary>What the client knows about a region now. Immutable; a newer object replaces it.</summary>
public sealed record RegionConnection
{
    public required string Name { get; init; }

    /// <value>As configured, or null if none is configured.</value>
    public string? Jurisdiction { get; init; }

    public required RegionConnectionState State { get; init; }

    /// <value>Smoothed round trip, ms; NaN while unknown.</value>
    public double RoundTripMs { get; init; } = double.NaN;

    /// <value>Identifies the start of the region, unix ms of the start; 0 while unknown.</value>
    public long Incarnation { get; init; }

    /// <value>Readiness and load in the region's last report.</value>
    public ModelStatus[] Models { get; init; } = [];

    /// <value>Whether the region is draining. It then gets only requests that no other permitted region can serve. Requests that it has begun go on.</value>
    public bool Draining { get; init; }

    /// <value>Requests of this client that are in flight at the region.</value>
    public int InFlight { get; init; }

    /// <value>Why the region cannot be reached, or null while it can.</value>
    public string? Problem { get; init; }

    /// <value>Time of the last change of the state.</value>
    public DateTimeOffset Since { get; init; }

    /// <value>
    /// Cancelled as soon as this connection is lost. Link calls through <see cref="IMeridianClient.GetClusterClient"/> to it. Without the link, a call to a
    /// killed process ends only by its timeout.
    /// </value>
    public CancellationToken Lost { get; init; }

    /// <value>Smoothed waiting time in the queues, ms, with the same indexes as <see cref="Models"/>.</value>
    internal double[] QueueMs { get; init; } = [];

    /// <value>False while a region that was lost has not been back for long enough.</value>
    internal bool Settled { get; init; } = true;
}

/// <summary>The client's view of a region.</summary>
public enum RegionConnectionState
{
    /// <summary>Not reached yet since the client started.</summary>
    Connecting = 0,

    /// <summary>Connected, and the region answers.</summary>
    Alive = 1,

    /// <summary>No longer connected; the client keeps trying to reconnect.</summary>
    Lost = 2,

    /// <summary>Under a jurisdiction that the client's residency does not permit. The client never connects to it.</summary>
    Excluded = 3,
}
