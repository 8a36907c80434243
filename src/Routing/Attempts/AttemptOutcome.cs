namespace Meridian.Routing.Attempts;

/// <summary>The end of one attempt at a region, as the region's circuit breaker counts it.</summary>
public enum AttemptOutcome
{
    /// <summary>
    /// The region answered. Refusals because of the request itself (its input, or a deadline shorter than the work) or because of a full queue count as
    /// answers.
    /// </summary>
    Answered = 0,

    /// <summary>The region has a fault of its own: <c>internal</c>.</summary>
    Faulted = 1,

    /// <summary>The transport failed, or the region was lost during the attempt.</summary>
    Lost = 2,

    /// <summary>The attempt's time limit passed without an answer.</summary>
    TimedOut = 3,
}
