namespace Meridian.Federation.Liveness;

internal enum ObservationKind
{
    /// <summary>An ack arrived.</summary>
    Heard,

    /// <summary>A heartbeat stream or an attempt to open one ended.</summary>
    LinkEnded,

    /// <summary>The region ended the heartbeat stream in order: its process begins to stop.</summary>
    Stopping,

    /// <summary>A probe was refused: no process listens at the region's address.</summary>
    Refused,

    /// <summary>A real request failed in transport.</summary>
    RequestFailed,

    /// <summary>A process of the region has sent us a beat of its own.</summary>
    Hinted,

    /// <summary>A real request's outcome opened or closed the region's breaker.</summary>
    BreakerChanged,
}
