using Meridian.Messages;

namespace Meridian.Routing.Attempts;

/// <summary>Decides the next step after an attempt without an answer. A pure function of the facts.</summary>
/// <remarks>
/// <list type="bullet">
/// <item>One replica of the region is lost or full, and the region has another: try the same region again without that replica. But a second replica that
/// fails in the same region is a reason to try another region, so that one region cannot spend the whole budget. The attempt counts as answered, because
/// the region itself is well.</item>
/// <item>The region is full or not ready: try another region. The attempt counts as answered.</item>
/// <item>The region does not know the model: try another region. The intent reaches the regions at different times, so a region may be behind the edge, or
/// ahead of it.</item>
/// <item>The region was lost, or ended the attempt without a reason: try another region. Liveness is told only if the transport to another region
/// failed.</item>
/// <item>The request's time is over: the answer is the deadline. An attempt at a region that was never heard of has a shorter time limit; when that passes,
/// try another region.</item>
/// <item>The message is larger than any region accepts: the answer says so.</item>
/// <item>The engine has a fault: the refusal is the answer. But a stream of which the caller already has a part is tried in another region.</item>
/// <item>Any other refusal (of the input, the residency, the caller's limits) would be the same in every region: it is the answer. An edge that
/// knows no tenants asks another region after a refusal of the residency.</item>
/// </list>
/// </remarks>
public static class AttemptRules
{
    /// <summary>Number of failed replicas after which a request leaves a region for another.</summary>
    public const int FaultsOfRegion = 2;

    public static AttemptVerdict Judge(in AttemptFacts facts)
    {
        if (facts.Replica != ReplicaOutcome.None)
        {
            var next = facts.Again && facts.Faults < FaultsOfRegion ? NextStep.SameRegion : NextStep.OtherRegion;
            return new AttemptVerdict(next, AttemptOutcome.Answered, Suspect: false);
        }

        switch (facts.Refusal)
        {
            case RefusalCode.NoCapacity or RefusalCode.NotReady or RefusalCode.ModelNotFound:
                return new AttemptVerdict(NextStep.OtherRegion, AttemptOutcome.Answered, Suspect: false);
            case RefusalCode.Internal:
                return new AttemptVerdict(facts.Continues ? NextStep.OtherRegion : NextStep.Answer, AttemptOutcome.Faulted, Suspect: false);
            case null or RefusalCode.RegionLost or RefusalCode.Cancelled:
                return Lost(facts);
            case RefusalCode.ResidencyUnavailable when facts.Undirected:
                return new AttemptVerdict(NextStep.OtherRegion, AttemptOutcome.Answered, Suspect: false);
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

/// <summary>The facts about an attempt that ended without an answer.</summary>
public readonly record struct AttemptFacts
{
    /// <value>The region's refusal, or null if the region said nothing.</value>
    public RefusalCode? Refusal { get; init; }

    /// <value>Whether the refusal is the outcome of one replica.</value>
    public ReplicaOutcome Replica { get; init; }

    /// <value>Whether the region has a replica or a gateway that has not failed this request.</value>
    public bool Again { get; init; }

    /// <value>Number of times that a replica of the region has failed this request, this attempt included.</value>
    public int Faults { get; init; }

    /// <value>Whether the request is a stream of which the caller already has a part.</value>
    public bool Continues { get; init; }

    /// <value>Whether liveness has judged the region lost.</value>
    public bool RegionLost { get; init; }

    /// <value>
    /// Whether the edge knows no tenants. It then cannot know which regions refuse a tenant's data, so another region may accept what this one refused.
    /// </value>
    public bool Undirected { get; init; }

    /// <value>Whether the attempt was cancelled. The caller has not gone, so only the loss of the region or the timer can be the reason.</value>
    public bool Fired { get; init; }

    /// <value>Whether the region had never been heard of when the attempt began.</value>
    public bool Unheard { get; init; }

    /// <value>Whether the region is the edge's own.</value>
    public bool Local { get; init; }

    /// <value>Whether the transport failed.</value>
    public bool Failed { get; init; }

    /// <value>Whether the transport failed because the message is too large.</value>
    public bool TooLarge { get; init; }

    /// <value>Whether the request's time is over.</value>
    public bool DeadlineOver { get; init; }
}

/// <summary>The next step after an attempt.</summary>
/// <param name="Next">The next step.</param>
/// <param name="Breaker">The outcome for the region's circuit breaker.</param>
/// <param name="Suspect">Whether to tell liveness that the region did not answer as a live region does.</param>
public readonly record struct AttemptVerdict(NextStep Next, AttemptOutcome Breaker, bool Suspect);

/// <summary>The step after an attempt without an answer.</summary>
public enum NextStep
{
    /// <summary>Try another region, within the budget of attempts.</summary>
    OtherRegion,

    /// <summary>Try another replica of the same region, within the budget of attempts.</summary>
    SameRegion,

    /// <summary>The refusal is the answer.</summary>
    Answer,

    /// <summary>The answer is that the deadline has passed.</summary>
    Deadline,

    /// <summary>The answer is that the request or its answer is too large.</summary>
    TooLarge,
}
