using Meridian.Messages;
using Meridian.Routing.Attempts;

namespace Meridian.Routing.Tests.Attempts;

/// <summary>The table of what follows an attempt, over every combination of facts.</summary>
public sealed class AttemptRulesTests
{
    private static readonly RefusalCode?[] Refusals = [null, .. Enum.GetValues<RefusalCode>().Select(code => (RefusalCode?)code)];

    // Refusals that say that the region is lost, or that it does not say why.
    private static readonly RefusalCode?[] Silent = [null, RefusalCode.RegionLost, RefusalCode.Cancelled];

    private static readonly AttemptFacts[] All =
    [
        .. from refusal in Refusals
           from bits in Enumerable.Range(0, 256)
           select new AttemptFacts
           {
               Refusal = refusal,
               Continues = (bits & 1) != 0,
               RegionLost = (bits & 2) != 0,
               Fired = (bits & 4) != 0,
               Unheard = (bits & 8) != 0,
               Local = (bits & 16) != 0,
               Failed = (bits & 32) != 0,
               TooLarge = (bits & 64) != 0,
               DeadlineOver = (bits & 128) != 0,
           },
    ];

    [Fact]
    public void A_refusal_that_every_region_would_give_is_the_answer()
    {
        RefusalCode?[] elsewhere = [.. Silent, RefusalCode.NoCapacity, RefusalCode.NotReady, RefusalCode.ModelNotFound, RefusalCode.Internal];
        Assert.All(All.Where(facts => !elsewhere.Contains(facts.Refusal)), facts => Assert.Equal(new AttemptVerdict(NextStep.Answer, AttemptOutcome.Answered, false), AttemptRules.Judge(facts)));
    }

    [Fact]
    public void A_region_that_is_full_or_unready_or_lacks_the_model_has_answered_and_another_one_is_asked() => Assert.All(
        All.Where(facts => facts.Refusal is RefusalCode.NoCapacity or RefusalCode.NotReady or RefusalCode.ModelNotFound),
        facts => Assert.Equal(new AttemptVerdict(NextStep.OtherRegion, AttemptOutcome.Answered, false), AttemptRules.Judge(facts)));

    [Fact]
    public void A_fault_is_the_answer_unless_the_caller_has_a_part_of_the_text() => Assert.All(
        All.Where(facts => facts.Refusal == RefusalCode.Internal),
        facts => Assert.Equal(new AttemptVerdict(facts.Continues ? NextStep.OtherRegion : NextStep.Answer, AttemptOutcome.Faulted, false), AttemptRules.Judge(facts)));

    [Fact]
    public void A_lost_region_is_always_left_for_another() => Assert.All(
        All.Where(facts => Silent.Contains(facts.Refusal) && facts.RegionLost),
        facts => Assert.Equal(new AttemptVerdict(NextStep.OtherRegion, AttemptOutcome.Lost, false), AttemptRules.Judge(facts)));

    [Fact]
    public void Liveness_is_told_of_failures_alone_that_it_cannot_know() => Assert.All(
        All.Where(facts => AttemptRules.Judge(facts).Suspect),
        facts => Assert.True(facts is { Failed: true, Local: false, RegionLost: false, Fired: false, DeadlineOver: false, TooLarge: false } && Silent.Contains(facts.Refusal)));

    [Fact]
    public void The_timer_ends_a_request_but_not_one_whose_region_was_never_heard_of() => Assert.All(
        All.Where(facts => Silent.Contains(facts.Refusal) && facts is { Fired: true, RegionLost: false, DeadlineOver: false }),
        facts => Assert.Equal(new AttemptVerdict(facts.Unheard ? NextStep.OtherRegion : NextStep.Deadline, AttemptOutcome.TimedOut, false), AttemptRules.Judge(facts)));

    [Fact]
    public void Without_the_timer_the_deadline_the_size_and_the_failure_decide() => Assert.All(
        All.Where(facts => Silent.Contains(facts.Refusal) && facts is { RegionLost: false, Fired: false }),
        facts => Assert.Equal(
            facts switch
            {
                { DeadlineOver: true } => new AttemptVerdict(NextStep.Deadline, AttemptOutcome.Lost, false),
                { Failed: false } or { Local: true } => new AttemptVerdict(NextStep.OtherRegion, AttemptOutcome.Lost, false),
                { TooLarge: true } => new AttemptVerdict(NextStep.TooLarge, AttemptOutcome.Lost, false),
                _ => new AttemptVerdict(NextStep.OtherRegion, AttemptOutcome.Lost, true),
            },
            AttemptRules.Judge(facts)));
}
