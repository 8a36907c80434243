using Meridian.Intents;
using Meridian.Intents.State;

namespace Meridian.Federation.Tests.Intents.State;

public sealed class IntentStateMachineTests
{
    private static readonly IntentKey Key = new(IntentKinds.Model, "minilm");
    private readonly IntentStateMachine _machine = new();

    [Fact]
    public void All_writes_of_a_change_have_its_revision_as_their_epoch()
    {
        var outcome = Apply(1, [], new IntentWrite(Key, [1]), new IntentWrite(new IntentKey("member", "eu"), [2]));

        Assert.True(outcome.Made);
        Assert.All(_machine.Replica.Records.Values, record => Assert.Equal(outcome.Revision, record.Epoch));
        Assert.Equal([new IntentKey("member", "eu"), Key], _machine.Replica.Records.Keys);
    }

    [Fact]
    public void A_condition_that_does_not_hold_stops_every_write_and_is_named_with_what_is_there()
    {
        var first = Apply(1, [], new IntentWrite(Key, [1]));

        var second = Apply(2, [new IntentCondition(Key, 0)], new IntentWrite(Key, [2]), new IntentWrite(new IntentKey("member", "eu"), [2]));

        Assert.Equal(new IntentOutcome { Made = false, Revision = first.Revision, Conflict = Key, ConflictEpoch = first.Revision }, second);
        Assert.Equal([1], _machine.Replica.Records[Key].Value);
        Assert.Single(_machine.Replica.Records);
    }

    [Fact]
    public void A_deleted_record_does_not_exist_and_its_epoch_does_not_come_back()
    {
        var first = Apply(1, [], new IntentWrite(Key, [1]));
        Apply(2, [new IntentCondition(Key, first.Revision)], new IntentWrite(Key, null));

        var again = Apply(3, [new IntentCondition(Key, 0)], new IntentWrite(Key, [1]));

        Assert.True(again.Made);
        Assert.True(again.Revision > first.Revision);
        Assert.False(Apply(4, [new IntentCondition(Key, first.Revision)], new IntentWrite(Key, [3])).Made);
    }

    [Fact]
    public void A_copy_that_was_handed_out_does_not_change()
    {
        Apply(1, [], new IntentWrite(Key, [1]));
        var copy = _machine.Replica;
        var hash = copy.Hash();

        Apply(2, [], new IntentWrite(Key, [2]));

        Assert.Equal([1], copy.Records[Key].Value);
        Assert.Equal(hash, copy.Hash());
        Assert.NotEqual(hash, _machine.Replica.Hash());
    }

    [Fact]
    public void Operations_are_forgotten_by_their_number_alone()
    {
        for (var i = 1; i <= IntentStateMachine.RememberedOperations + 1; i++)
            Apply(i, [], new IntentWrite(Key, [1]));

        Assert.False(_machine.TryGetOutcome(Histories.Operation(1), out _));
        Assert.True(_machine.TryGetOutcome(Histories.Operation(2), out var second));
        Assert.Equal(second, Apply(2, [], new IntentWrite(Key, [9])));
        Assert.Equal([1], _machine.Replica.Records[Key].Value);
    }

    [Fact]
    public void A_later_generation_begins_above_every_epoch_that_the_lost_majority_may_have_given_out()
    {
        Begin(1);
        var before = Apply(1, [], new IntentWrite(Key, [1]));
        Begin(2);
        Begin(2);
        Begin(1);

        var after = Apply(2, [new IntentCondition(Key, before.Revision)], new IntentWrite(Key, [2]));

        Assert.Equal(1, before.Revision);
        Assert.True(after.Made);
        Assert.Equal((1L << 32) + 1, after.Revision);
        Assert.Equal(2, _machine.Generation.Number);
    }

    [Fact]
    public void An_entry_is_applied_once()
    {
        Apply(1, [], new IntentWrite(Key, [1]));

        Assert.Throws<ArgumentOutOfRangeException>(() => _machine.Apply(1, new IntentChange { Operation = Histories.Operation(2), Writes = [new IntentWrite(Key, [2])] }));
        Assert.Throws<ArgumentOutOfRangeException>(() => _machine.Skip(0));
    }

    [Fact]
    public void An_entry_of_an_unknown_kind_is_refused_rather_than_passed_over()
    {
        var failure = Assert.Throws<IntentLogException>(() => _machine.Apply(7, new IntentCommand()));

        Assert.Contains("Entry 7", failure.Message);
        Assert.Equal(0, _machine.AppliedIndex);
    }

    private void Begin(int number) =>
        _machine.Apply(_machine.AppliedIndex + 1, new IntentCommand { Generation = new IntentGeneration { Number = number, Id = Histories.Operation(number) } });

    private IntentOutcome Apply(int operation, IntentCondition[] conditions, params IntentWrite[] writes) =>
        _machine.Apply(_machine.AppliedIndex + 1, new IntentChange { Operation = Histories.Operation(operation), Conditions = conditions, Writes = writes });
}
