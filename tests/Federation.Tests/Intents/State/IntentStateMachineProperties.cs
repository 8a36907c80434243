using System.Buffers;
using CsCheck;
using Meridian.Intents;
using Meridian.Intents.State;

namespace Meridian.Federation.Tests.Intents.State;

public sealed class IntentStateMachineProperties
{
    [Fact]
    public void A_snapshot_and_what_follows_give_the_state_of_the_whole_log() =>
        Gen.Select(Histories.Log, Gen.Int[0, 60]).Sample((log, cut) =>
        {
            var whole = new IntentStateMachine();
            Histories.Feed(whole, log);
            var first = new IntentStateMachine();
            Histories.Feed(first, log.Take(cut));

            var second = new IntentStateMachine();
            second.Restore(Read(first.Capture().Serialize()));
            Assert.Equal(first.Replica.Hash(), second.Replica.Hash());
            Histories.Feed(second, log.Skip(cut));

            Same(whole, second);
        }, iter: 2000);

    [Fact]
    public void Restoring_over_another_state_leaves_nothing_of_it() =>
        Gen.Select(Histories.Log, Histories.Log).Sample((log, other) =>
        {
            var source = new IntentStateMachine();
            Histories.Feed(source, log);
            var target = new IntentStateMachine();
            Histories.Feed(target, other);

            target.Restore(Read(source.Capture().Serialize()));
            Same(source, target);
            Histories.Feed(source, other);
            Histories.Feed(target, other);

            Same(source, target);
        }, iter: 1000);

    [Fact]
    public void Entries_read_back_from_bytes_do_what_they_did() =>
        Histories.Log.Sample(log =>
        {
            var direct = new IntentStateMachine();
            Histories.Feed(direct, log);
            var read = new IntentStateMachine();
            Histories.Feed(read, log.Select(command => command is null ? null : IntentCommandFormat.Deserialize(new ReadOnlySequence<byte>(IntentCommandFormat.Serialize(command)), 1)));

            Same(direct, read);
        }, iter: 500);

    [Fact]
    public void An_operation_that_comes_again_changes_nothing_and_gets_its_first_outcome() =>
        Histories.Log.Sample(log =>
        {
            var machine = new IntentStateMachine();
            var first = new Dictionary<Guid, IntentOutcome>();
            foreach (var command in log)
            {
                if (command?.Change is not { } change)
                {
                    Histories.Feed(machine, [command]);
                    continue;
                }

                var before = machine.Replica.Hash();
                var outcome = machine.Apply(machine.AppliedIndex + 1, change);
                if (first.TryGetValue(change.Operation, out var known))
                {
                    Assert.Equal(known, outcome);
                    Assert.Equal(before, machine.Replica.Hash());
                }

                first.TryAdd(change.Operation, outcome);
            }
        }, iter: 1000);

    [Fact]
    public void No_epoch_is_given_twice_and_no_condition_on_one_holds_twice() =>
        Histories.Log.Sample(log =>
        {
            var machine = new IntentStateMachine();
            var epochs = new HashSet<long>();
            var replaced = new HashSet<(IntentKey, long)>();
            var made = new HashSet<Guid>();
            foreach (var command in log)
            {
                var before = machine.Replica;
                Histories.Feed(machine, [command]);
                Assert.True(machine.Replica.Revision >= before.Revision);
                if (command?.Change is not { } change || !machine.TryGetOutcome(change.Operation, out var outcome) || !outcome!.Made || !made.Add(change.Operation))
                    continue;
                Assert.True(epochs.Add(outcome.Revision));
                foreach (var condition in change.Conditions.Distinct())
                {
                    Assert.Equal(condition.Epoch, before.Records.TryGetValue(condition.Key, out var record) ? record.Epoch : 0);
                    if (condition.Epoch != 0 && change.Writes.Any(write => write.Key == condition.Key))
                        Assert.True(replaced.Add((condition.Key, condition.Epoch)));
                }
            }
        }, iter: 2000);

    [Fact]
    public void Damage_to_any_byte_of_a_snapshot_is_noticed() =>
        Gen.Select(Histories.Log, Gen.Int[0, int.MaxValue], Gen.Byte[1, 255]).Sample((log, place, difference) =>
        {
            var machine = new IntentStateMachine();
            Histories.Feed(machine, log);
            var bytes = machine.Capture().Serialize();
            bytes[place % bytes.Length] ^= difference;

            Assert.Throws<IntentLogException>(() => Read(bytes));
        }, iter: 2000);

    [Fact]
    public void A_part_of_a_snapshot_is_none() =>
        Gen.Select(Histories.Log, Gen.Double[0, 1]).Sample((log, share) =>
        {
            var machine = new IntentStateMachine();
            Histories.Feed(machine, log);
            var bytes = machine.Capture().Serialize();

            Assert.Throws<IntentLogException>(() => Read(bytes[..(int)(share * (bytes.Length - 1))]));
        }, iter: 500);

    private static IntentSnapshot Read(byte[] bytes) => IntentSnapshot.Deserialize(new ReadOnlySequence<byte>(bytes));

    private static void Same(IntentStateMachine left, IntentStateMachine right)
    {
        Assert.Equal(left.AppliedIndex, right.AppliedIndex);
        Assert.Equal(left.Replica.Revision, right.Replica.Revision);
        Assert.Equal(left.Replica.Hash(), right.Replica.Hash());
        Assert.Equal(left.Replica.Records.Keys, right.Replica.Records.Keys);
    }
}
