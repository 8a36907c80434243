using Meridian.Messages;

namespace Meridian.Client;

/// <summary>What the client knows of a region right now. Immutable; a newer one replaces it.</summary>
public sealed record RegionConnection
{
    public required string Name { get; init; }

    /// <value>As configured, or null.</value>
    public string? Jurisdiction { get; init; }

    public required RegionConnectionState State { get; init; }

    /// <value>Smoothed round trip, ms; NaN while unknown.</value>
    public double RoundTripMs { get; init; } = double.NaN;

    /// <value>The region's own count of its starts, unix ms; 0 while unknown.</value>
    public long Incarnation { get; init; }

    /// <value>Readiness and load that the region reported last.</value>
    public ModelStatus[] Models { get; init; } = [];

    /// <value>The region says that it takes nothing new: it gets only what no other permitted region can serve. What it has begun goes on.</value>
    public bool Draining { get; init; }

    /// <value>Requests of this client that are under way at the region.</value>
    public int InFlight { get; init; }

    /// <value>Why the region cannot be reached, or null while it can.</value>
    public string? Problem { get; init; }

    /// <value>When the state changed last.</value>
    public DateTimeOffset Since { get; init; }

    /// <value>
    /// Cancelled as soon as this connection is lost. Calls through <see cref="IMeridianClient.GetClusterClient"/> should be linked to it: a call to a process that was
    /// killed is otherwise noticed only by its time-out.
    /// </value>
    public CancellationToken Lost { get; init; }

    /// <value>Smoothed wait in the queues, ms, by the index of <see cref="Models"/>.</value>
    internal double[] QueueMs { get; init; } = [];

    /// <value>False while a region that was lost has yet to prove itself.</value>
    internal bool Settled { get; init; } = true;
}

/// <summary>The client's view of a region.</summary>
public enum RegionConnectionState
{
    /// <summary>Not reached since the client started.</summary>
    Connecting = 0,

    /// <summary>Connected, and it answers.</summary>
    Alive = 1,

    /// <summary>Was connected and is not; the client keeps trying.</summary>
    Lost = 2,

    /// <summary>Under a jurisdiction that the client's residency does not permit: never connected to.</summary>
    Excluded = 3,
}
