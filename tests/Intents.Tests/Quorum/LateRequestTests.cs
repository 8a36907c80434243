using Meridian.Cluster.Tests.Harness;
using Meridian.Intents.State;
using Meridian.Intents.Tests.Quorum.Members;

namespace Meridian.Intents.Tests.Quorum;

/// <summary>
/// A follower freezes. The leader gives its request up, connects again and sends more; the follower thaws with both connections readable, takes the newer request first and
/// acknowledges it, so that the leader answers its callers. Then the older request arrives. Two of three members hold what is acknowledged, the leader and this follower: were the
/// leader lost now, everything would hang on the follower.
/// </summary>
public sealed class LateRequestTests
{
    private const int Size = 8 * 1024;

    [Fact]
    public async Task A_request_from_before_the_leaders_reconnect_cuts_off_nothing_that_was_acknowledged_after_it()
    {
        int[] ports = [FreePorts.Range(1), FreePorts.Range(1), FreePorts.Range(1)];
        var behind = FreePorts.Range(1);
        await using var relay = new HoldingRelay(ports[0], behind);
        await using var members = new TestRaftMembers();

        // The third answers the leader, so that the leader stays, and takes nothing from it: so a member answers that has to be caught up first.
        var follower = await members.OpenAsync("eu", ports[0], ports, listen: behind, witness: true, lowerElectionTimeoutMs: 3000);
        await members.OpenAsync("us", ports[1], ports, witness: true, generation: 2, lowerElectionTimeoutMs: 3000);
        var leader = await members.OpenAsync("ap", ports[2], ports, lowerElectionTimeoutMs: 3000);
        await TestRaftMembers.HoldsAsync(() => leader.Leads, "the only one that may lead to lead");
        await leader.ProposeAsync(new IntentCommand { Barrier = true }, CancellationToken.None);

        relay.Hold();
        var first = leader.ProposeAsync(Large(1), CancellationToken.None);
        await TestRaftMembers.HoldsAsync(() => relay.Held.Any(held => held.IsOver && held.Bytes.Length > Size), "the leader to give a request up");
        var older = relay.Held.First(held => held.IsOver && held.Bytes.Length > Size);
        var others = Task.WhenAll(leader.ProposeAsync(Large(2), CancellationToken.None), leader.ProposeAsync(Large(3), CancellationToken.None));
        await TestRaftMembers.HoldsAsync(() => relay.Held.Any(held => !held.IsOver && held.Bytes.Length > 3 * Size), "the leader to send more on another connection");
        await relay.DeliverAsync(relay.Held.First(held => !held.IsOver && held.Bytes.Length > 3 * Size));
        var acknowledged = (await others.WaitAsync(TimeSpan.FromSeconds(60))).Max(proposal => proposal.Index);
        await first;

        await relay.DeliverAsync(older);

        Assert.Equal(acknowledged, follower.LastIndex);
    }

    private static IntentCommand Large(int number) =>
        new() { Change = new IntentChange { Operation = Guid.NewGuid(), Writes = [new IntentWrite(TestQuorum.Key(number), new byte[Size])] } };
}
