namespace Meridian.Federation.Availability;

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
