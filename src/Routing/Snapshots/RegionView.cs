using Meridian.Messages;

namespace Meridian.Routing.Snapshots;

/// <summary>What one observer knows of one region right now. Soft state: every observer has its own.</summary>
public sealed record RegionView
{
    public required string Name { get; init; }

    public required RegionHealth Health { get; init; }

    /// <value>Incarnation of the process that was heard last; 0 while unknown.</value>
    public long Incarnation { get; init; }

    /// <value>Smoothed round trip from this observer, ms; NaN while unknown; 0 for the observer's own region.</value>
    public double RoundTripMs { get; init; } = double.NaN;

    /// <value>Readiness and load the region last reported.</value>
    public ModelStatus[] Models { get; init; } = [];

    /// <value>The region takes nothing new.</value>
    public bool Draining { get; init; }

    /// <value>This edge's circuit breaker for the region.</value>
    public BreakerState Breaker { get; init; }

    /// <value>Share of its fair load that a region which has just returned is given, above 0 to 1: rises to 1 as it warms up.</value>
    public double Weight { get; init; } = 1;

    /// <value>Requests this edge has under way at the region.</value>
    public int InFlight { get; init; }

    /// <value>Changes of health since this observer's first sign of the region: what flaps has many.</value>
    public int Changes { get; init; }

    /// <value>How far the region's wall clock is ahead of this observer's, ms; NaN while unknown. Shown to operators; decides nothing.</value>
    public double ClockOffMs { get; init; } = double.NaN;

    /// <value>
    /// Cancelled when this incarnation of the region is judged dead. Every attempt at the region is linked to it, so that nothing waits for a time-out on a dead peer.
    /// </value>
    public CancellationToken Lost { get; init; }
}

/// <summary>One observer's judgement of a region.</summary>
public enum RegionHealth
{
    /// <summary>Never heard of since this observer started.</summary>
    Unknown = 0,

    /// <summary>Heard of as often as expected.</summary>
    Alive = 1,

    /// <summary>Silent for longer than is usual: used only where nothing better is left.</summary>
    Suspect = 2,

    /// <summary>Refused, or silent for so long that waiting is pointless.</summary>
    Dead = 3,
}

/// <summary>An edge's circuit breaker for one region, driven by the outcomes of real requests.</summary>
public enum BreakerState
{
    /// <summary>Requests go there.</summary>
    Closed = 0,

    /// <summary>Tries again with few requests.</summary>
    HalfOpen = 1,

    /// <summary>Too many of the last requests failed: nothing goes there while anything else may serve.</summary>
    Open = 2,
}
