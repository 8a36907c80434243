using Meridian.Messages;

namespace Meridian.Routing.Attempts;

/// <summary>What follows an attempt that brought no answer. Pure: the same facts, the same verdict.</summary>
/// <remarks>
/// <list type="bullet">
/// <item>A region that is full or not ready has answered: another region is asked.</item>
/// <item>A region that was lost, or that does not say why it ended the attempt: another region is asked. Liveness is told only where the transport to another region failed.</item>
/// <item>The time of the request is over: the deadline is the answer. The time of an attempt at a region that nothing was heard of is shorter: another region is asked.</item>
/// <item>A message that no region would take: that is the answer.</item>
/// <item>A fault of the engine: that is the answer, but a stream that its caller has a part of is tried elsewhere.</item>
/// <item>Every other refusal (of the input, the model, the residency, the caller's limits) would be the same elsewhere: it is the answer.</item>
/// </list>
/// </remarks>
public static class AttemptRules
{
    public static AttemptVerdict Judge(in AttemptFacts facts)
    {
        switch (facts.Refusal)
        {
            case RefusalCode.NoCapacity or RefusalCode.NotReady:
                return new AttemptVerdict(NextStep.OtherRegion, AttemptOutcome.Answered, Suspect: false);
            case RefusalCode.Internal:
                return new AttemptVerdict(facts.Continues ? NextStep.OtherRegion : NextStep.Answer, AttemptOutcome.Faulted, Suspect: false);
            case null or RefusalCode.RegionLost or RefusalCode.Cancelled:
                return Lost(facts);
            default:
                return new AttemptVerdict(NextStep.Answer, AttemptOutcome.Answered, Suspect: false);
        }
    }

    private static AttemptVerdict Lost(in AttemptFacts facts)
    {
        if (facts.RegionLost)
            return new AttemptVerdict(NextStep.OtherRegion, AttemptOutcome.Lost, Suspect: false);
        var breaker = facts.Fired ? AttemptOutcome.TimedOut : AttemptOutcome.Lost;
        if ((facts.Fired && !facts.Unheard) || facts.DeadlineOver)
            return new AttemptVerdict(NextStep.Deadline, breaker, Suspect: false);
        if (!facts.Failed || facts.Local || facts.Fired)
            return new AttemptVerdict(NextStep.OtherRegion, breaker, Suspect: false);
        return facts.TooLarge
            ? new AttemptVerdict(NextStep.TooLarge, breaker, Suspect: false)
            : new AttemptVerdict(NextStep.OtherRegion, breaker, Suspect: true);
    }
}

/// <summary>How an attempt ended that brought no answer.</summary>
public readonly record struct AttemptFacts
{
    /// <value>What the region said, or null where it said nothing.</value>
    public RefusalCode? Refusal { get; init; }

    /// <value>Whether the request is a stream that its caller has a part of.</value>
    public bool Continues { get; init; }

    /// <value>Whether liveness has judged the region lost.</value>
    public bool RegionLost { get; init; }

    /// <value>Whether the attempt was cancelled. The caller has not gone: then only the region's loss and the timer are left.</value>
    public bool Fired { get; init; }

    /// <value>Whether nothing was heard of the region when the attempt began.</value>
    public bool Unheard { get; init; }

    /// <value>Whether the region is the edge's own.</value>
    public bool Local { get; init; }

    /// <value>Whether the transport failed.</value>
    public bool Failed { get; init; }

    /// <value>Whether it failed because the message is too large.</value>
    public bool TooLarge { get; init; }

    /// <value>Whether the time of the request is over.</value>
    public bool DeadlineOver { get; init; }
}

/// <summary>What follows an attempt.</summary>
/// <param name="Next">The next step.</param>
/// <param name="Breaker">The outcome as the region's circuit breaker counts it.</param>
/// <param name="Suspect">Whether liveness is told that the region did not answer as a live region does.</param>
public readonly record struct AttemptVerdict(NextStep Next, AttemptOutcome Breaker, bool Suspect);

/// <summary>The step after an attempt that brought no answer.</summary>
public enum NextStep
{
    /// <summary>Another region is asked, within the budget of attempts.</summary>
    OtherRegion,

    /// <summary>The refusal is the answer.</summary>
    Answer,

    /// <summary>The answer is that the deadline has passed.</summary>
    Deadline,

    /// <summary>The answer is that the request or its answer is too large.</summary>
    TooLarge,
}
