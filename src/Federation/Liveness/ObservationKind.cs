namespace Meridian.Federation.Liveness;

internal enum ObservationKind
{
    /// <summary>An ack arrived.</summary>
    Heard,

    /// <summary>A heartbeat stream or an attempt to open one ended.</summary>
    LinkEnded,

    /// <summary>Nobody listens at the region's address.</summary>
    Refused,

    /// <summary>A real request failed in transport.</summary>
    RequestFailed,

    /// <summary>The region has spoken to us.</summary>
    Hinted,

    /// <summary>A real request's outcome opened or closed the region's breaker.</summary>
    BreakerChanged,
}
