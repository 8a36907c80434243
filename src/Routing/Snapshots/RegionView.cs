using Meridian.Messages;

namespace Meridian.Routing.Snapshots;

/// <summary>The knowledge of one observer about one region at this moment. It is soft state: every observer has its own.</summary>
public sealed record RegionView
{
    public required string Name { get; init; }

    public required RegionHealth Health { get; init; }

    /// <value>Incarnation of the process that was heard most recently; 0 while unknown.</value>
    public long Incarnation { get; init; }

    /// <value>Smoothed round trip from this observer, ms; NaN while unknown; 0 for the observer's own region.</value>
    public double RoundTripMs { get; init; } = double.NaN;

    /// <value>Readiness and load in the region's last report.</value>
    public ModelStatus[] Models { get; init; } = [];

    /// <value>Whether the region is draining and takes no new requests.</value>
    public bool Draining { get; init; }

    /// <value>This edge's circuit breaker for the region.</value>
    public BreakerState Breaker { get; init; }

    /// <value>Share of its fair load that a region gets after its return, above 0 to 1. It rises to 1 as the region warms up.</value>
    public double Weight { get; init; } = 1;

    /// <value>Requests that this edge has in flight at the region.</value>
    public int InFlight { get; init; }

    /// <value>Number of changes of health since this observer first heard of the region. It is high for a region that flaps.</value>
    public int Changes { get; init; }

    /// <value>How far the region's wall clock is ahead of this observer's clock, ms; NaN while unknown. For display only; no decision depends on it.</value>
    public double ClockOffMs { get; init; } = double.NaN;

    /// <value>
    /// Cancelled when this incarnation of the region is judged dead. Every attempt at the region is linked to it, so that no attempt waits for a timeout on a
    /// dead peer.
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

    /// <summary>Silent for longer than usual. The region is used only if no better one is left.</summary>
    Suspect = 2,

    /// <summary>Refused the connection, or silent for so long that waiting makes no sense.</summary>
    Dead = 3,
}

/// <summary>An edge's circuit breaker for one region, driven by the outcomes of real requests.</summary>
public enum BreakerState
{
    /// <summary>Requests go to the region.</summary>
    Closed = 0,

    /// <summary>A few requests try the region again.</summary>
    HalfOpen = 1,

    /// <summary>Too many recent requests failed. No request goes there while another region may serve.</summary>
    Open = 2,
}
