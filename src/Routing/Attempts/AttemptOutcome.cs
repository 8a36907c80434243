namespace Meridian.Routing.Attempts;

/// <summary>How one attempt at a region ended, as its breaker counts it.</summary>
public enum AttemptOutcome
{
    /// <summary>Answered, be it by a refusal that is the request's own fault (input, deadline shorter than the work) or a full queue.</summary>
    Answered = 0,

    /// <summary>A fault of the region's own: <c>internal</c>.</summary>
    Faulted = 1,

    /// <summary>The transport failed, or the region was lost meanwhile.</summary>
    Lost = 2,

    /// <summary>No answer within the time that the attempt had.</summary>
    TimedOut = 3,
}
