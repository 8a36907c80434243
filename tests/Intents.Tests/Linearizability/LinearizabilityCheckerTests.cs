using System.Globalization;
using CsCheck;

namespace Meridian.Intents.Tests.Linearizability;

[Collection(OneAtATime.Name)]
public sealed class LinearizabilityCheckerTests
{
    private static readonly RecordSpecification Record = new();

    [Fact]
    public void NothingHappenedIsLinearizable() => Accepts();

    [Fact]
    public void OneAfterAnother() => Accepts(Read(0, 1, null, 0), Made(2, 3, 7, 1), Read(4, 5, 7, 1), Made(6, 7, 8, 2, condition: 1), Read(8, 9, 8, 2), Made(10, 11, null, 3), Read(12, 13, null, 0));

    [Fact]
    public void AReadDuringAWriteMaySeeEither()
    {
        Accepts(Made(0, 10, 7, 1), Read(1, 2, null, 0), Read(3, 4, 7, 1));
        Accepts(Made(0, 10, 7, 1), Read(1, 2, 7, 1), Read(3, 4, 7, 1));
    }

    [Fact]
    public void AReadMustNotGoBack() => Rejects(Made(0, 10, 7, 1), Read(1, 2, 7, 1), Read(3, 4, null, 0));

    [Fact]
    public void AReadMustSeeWhatWasAcknowledgedBeforeIt()
    {
        Rejects(Made(0, 1, 7, 1), Read(2, 3, null, 0));
        Rejects(Made(0, 1, 7, 1), Made(2, 3, 8, 2), Read(4, 5, 7, 1));
    }

    [Fact]
    public void AReadMustNotSeeWhatNobodyWrote()
    {
        Rejects(Made(0, 1, 7, 1), Read(2, 3, 9, 1));
        Rejects(Made(0, 1, 7, 1), Read(2, 3, 7, 2));
        Rejects(Read(0, 1, 7, 1), Made(2, 3, 7, 1));
    }

    [Fact]
    public void OfTwoCompareAndSetsOnOneEpochOneIsMade()
    {
        Accepts(Made(0, 1, 7, 1), Made(2, 9, 8, 2, condition: 1), NotMade(3, 8, 9, condition: 1, saw: 2));
        Rejects(Made(0, 1, 7, 1), Made(2, 9, 8, 2, condition: 1), Made(3, 8, 9, 3, condition: 1));
        Rejects(Made(0, 1, 7, 1, condition: 0), Made(0, 1, 8, 2, condition: 0));
    }

    [Fact]
    public void AFailureMustHaveHadACause()
    {
        Rejects(Made(0, 1, 7, 1), NotMade(2, 3, 8, condition: 1, saw: 1));
        Rejects(Made(0, 1, 7, 1), NotMade(2, 3, 8, condition: 0, saw: 5));
        Accepts(NotMade(0, 5, 8, condition: 4, saw: 0), Made(1, 2, 7, 1));
    }

    [Fact]
    public void RevisionsRise()
    {
        Rejects(Made(0, 1, 7, 5), Made(2, 3, 8, 4));
        Rejects(Made(0, 1, 7, 5), Made(2, 3, 8, 5));
        Rejects(Made(0, 1, 7, 5), Made(2, 3, null, 6), Made(4, 5, 8, 6));
    }

    [Fact]
    public void WhatHasNoAnswerMayTakeEffectLateOrNever()
    {
        Accepts(Unknown(0, 7), Read(1, 2, null, 0), Read(3, 4, null, 0));
        Accepts(Unknown(0, 7), Read(1, 2, null, 0), Read(3, 4, 7, 3), Read(5, 6, 7, 3));
        Accepts(Unknown(0, 7), Made(1, 2, 8, 1), Read(3, 4, 8, 1), Read(5, 6, 7, 2));
        Accepts(Unknown(0, null), Made(1, 2, 8, 1), Read(3, 4, null, 0));
    }

    [Fact]
    public void WhatHasNoAnswerTakesEffectOnceAndNotBeforeItsCall()
    {
        Rejects(Read(0, 1, 7, 3), Unknown(2, 7));
        Rejects(Unknown(0, 7), Read(1, 2, 7, 3), Made(3, 4, 8, 4), Read(5, 6, 8, 4), Read(7, 8, 7, 5));
        Rejects(Unknown(0, 7), Read(1, 2, 7, 3), Read(3, 4, 7, 4));
    }

    [Fact]
    public void AConditionWithoutAnAnswerHoldsToo()
    {
        Accepts(Made(0, 1, 7, 1), Unknown(2, 8, condition: 1), Read(3, 4, 8, 2));
        Rejects(Made(0, 1, 7, 1), Made(2, 3, 9, 2), Unknown(4, 8, condition: 1), Read(5, 6, 8, 3));
    }

    [Fact]
    public void AConflictTellsTheEpochOfWhatHadNoAnswer()
    {
        Accepts(Made(0, 1, 7, 1), Unknown(2, 8), NotMade(3, 4, 9, condition: 1, saw: 2), Made(5, 6, 10, 3, condition: 2));
        Rejects(Made(0, 1, 7, 1), Unknown(2, 8), NotMade(3, 4, 9, condition: 1, saw: 2), Read(5, 6, 8, 3));
    }

    [Fact]
    public void TheVerdictNamesWhatCannotBeExplained()
    {
        var verdict = LinearizabilityChecker.Check(Record, [Made(0, 1, 7, 1), Made(2, 3, 8, 2), Read(4, 5, 7, 1)]);

        Assert.Equal([0, 1], verdict.Order);
        Assert.Equal([2], verdict.Stuck);
    }

    [Fact]
    public void AHistoryThatReturnsBeforeItsCallIsNone() =>
        Assert.Throws<ArgumentException>(() => LinearizabilityChecker.Check(Record, [Read(2, 1, null, 0)]));

    [Fact]
    public void ExecutionsWithAnOrderAreAccepted() =>
        Gen.Int.Sample(seed =>
        {
            var history = Executions.Random(new Random(seed), operations: 60, clients: 5);
            var verdict = LinearizabilityChecker.Check(Record, history);
            Assert.True(verdict.IsLinearizable, Executions.Describe(history, verdict));
            Assert.True(Executions.Explains(Record, history, verdict.Order));
        });

    [Fact]
    public void OnSmallHistoriesItSaysWhatTryingAllOrdersSays()
    {
        var (accepted, rejected) = (0, 0);
        Gen.Int.Sample(
            seed =>
            {
                var random = new Random(seed);
                var history = Executions.Mutate(random, Executions.Random(random, operations: 6, clients: 3));
                var expected = Executions.AnyOrderExplains(Record, history);
                var verdict = LinearizabilityChecker.Check(Record, history);
                Assert.True(expected == verdict.IsLinearizable, $"Expected {expected}: {Executions.Describe(history, verdict)}");
                Interlocked.Increment(ref expected ? ref accepted : ref rejected);
            },
            iter: 2000);

        // Both happened often, or this compared nothing.
        Assert.True(accepted > 200 && rejected > 200, string.Create(CultureInfo.InvariantCulture, $"{accepted} accepted, {rejected} rejected"));
    }

    [Fact]
    public void AThousandOperationsAreDecided()
    {
        var history = Executions.Random(new Random(11), operations: 1000, clients: 8, lost: 0.01);

        Assert.True(LinearizabilityChecker.Check(Record, history).IsLinearizable);
        var last = history.FindLastIndex(call => call.Operation.Kind == RecordOperationKind.Made);
        history[last] = history[last] with { Operation = history[last].Operation with { Epoch = 1 } };
        Assert.False(LinearizabilityChecker.Check(Record, history).IsLinearizable);
    }

    private static void Accepts(params Call<RecordOperation>[] history) => Assert.True(LinearizabilityChecker.Check(Record, history).IsLinearizable);

    private static void Rejects(params Call<RecordOperation>[] history)
    {
        Assert.False(LinearizabilityChecker.Check(Record, history).IsLinearizable);
        Assert.False(Executions.AnyOrderExplains(Record, history));
    }

    private static Call<RecordOperation> Read(long from, long to, int? value, long epoch) => new(new RecordOperation { Kind = RecordOperationKind.Read, Value = value, Epoch = epoch }, from, to);

    private static Call<RecordOperation> Made(long from, long to, int? value, long revision, long? condition = null) =>
        new(new RecordOperation { Kind = RecordOperationKind.Made, Value = value, Epoch = revision, Condition = condition }, from, to);

    private static Call<RecordOperation> NotMade(long from, long to, int? value, long condition, long saw) =>
        new(new RecordOperation { Kind = RecordOperationKind.NotMade, Value = value, Epoch = saw, Condition = condition }, from, to);

    private static Call<RecordOperation> Unknown(long from, int? value, long? condition = null) =>
        new(new RecordOperation { Kind = RecordOperationKind.Unknown, Value = value, Condition = condition }, from, Call<RecordOperation>.Never);
}
