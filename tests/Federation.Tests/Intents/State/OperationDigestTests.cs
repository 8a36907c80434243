using System.Buffers;
using Meridian.Intents;
using Meridian.Intents.State;

namespace Meridian.Federation.Tests.Intents.State;

/// <summary>The same operation with another digest is another change under a used name.</summary>
public sealed class OperationDigestTests
{
    private static readonly IntentKey Key = new("model", "m");
    private readonly IntentStateMachine _machine = new();
    private readonly IntentChange _change = new() { Operation = Guid.NewGuid(), Writes = [new IntentWrite(Key, [1])], Digest = [1, 2] };

    [Fact]
    public void A_repeat_gets_the_first_outcome_and_another_change_none()
    {
        var first = _machine.Apply(1, _change);

        Assert.Equal(first, _machine.Apply(2, _change with { ProposedUnixMs = 5 }));
        var other = _machine.Apply(3, _change with { Digest = [3], Writes = [new IntentWrite(Key, [2])] });

        Assert.True(other is { Made: false, Reused: true });
        Assert.Equal([1], _machine.Replica.Records[Key].Value);
    }

    [Fact]
    public void What_has_no_digest_is_not_compared()
    {
        var first = _machine.Apply(1, _change with { Digest = null });

        Assert.Equal(first, _machine.Apply(2, _change));
        var named = _machine.Apply(3, _change with { Operation = Guid.NewGuid() });
        Assert.True(named.Made);
    }

    [Fact]
    public void Digests_survive_a_snapshot_and_one_without_them_is_as_it_was_before_there_were_any()
    {
        _machine.Apply(1, _change);
        var with = new IntentStateMachine();
        with.Restore(IntentSnapshot.Deserialize(new ReadOnlySequence<byte>(_machine.Capture().Serialize())));
        Assert.True(with.Apply(2, _change with { Digest = [9] }).Reused);

        // A member of a build before digests keeps none; the copies are equal in all else, and said to be equal.
        var before = new IntentStateMachine();
        before.Apply(1, _change with { Digest = null });
        Assert.Equal(before.Replica.Hash(), _machine.Replica.Hash());
        var restored = new IntentStateMachine();
        restored.Restore(IntentSnapshot.Deserialize(new ReadOnlySequence<byte>(before.Capture().Serialize())));
        Assert.True(restored.Apply(2, _change with { Digest = [9] }) is { Made: true, Reused: false });
    }
}
