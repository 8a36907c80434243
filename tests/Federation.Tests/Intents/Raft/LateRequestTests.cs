using System.Globalization;
using Meridian.Federation.Intents;
using Meridian.Federation.Intents.Raft;

namespace Meridian.Federation.Tests.Intents.Raft;

/// <summary>A follower freezes; the leader gives its request up, connects again and sends more; the follower thaws with both connections readable and takes the newer request first.</summary>
[Collection(RaftCollection.Name)]
public sealed class LateRequestTests
{
    private const int Size = 8 * 1024;
    private static readonly string[] Three = ["eu", "us", "ap"];

    [Fact]
    public async Task A_request_from_before_the_leaders_reconnect_cuts_off_nothing_that_was_acknowledged_after_it()
    {
        var port = LoopbackPorts.Next();
        var behind = LoopbackPorts.Next();
        await using var relay = new HoldingRelay(port, behind);

        // Time-outs long enough that neither the watch over followers without progress nor an election comes in between.
        await using var quorum = new TestQuorum(Three, configure: options =>
        {
            options.LowerElectionTimeoutMs = 900;
            options.UpperElectionTimeoutMs = 3000;
            if (options.Self == "eu")
                options.Listen = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{behind}");
        });
        quorum["eu"].Self.Consensus = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}");
        await Task.WhenAll(quorum.Members.Select(member => member.StartAsync()));
        var leader = await quorum.CanChangeAsync();
        while (leader.Name == "eu")
        {
            await ((RaftIntentLog)leader.Log).Member!.StandAsideAsync(TimeSpan.FromSeconds(10), TimeProvider.System, CancellationToken.None);
            leader = await quorum.CanChangeAsync();
        }

        await TestQuorum.ChangeAsync(leader, TestQuorum.Write(0, 0));
        await quorum.AgreeAsync();
        var frozen = ((RaftIntentLog)quorum["eu"].Log).Member!;

        relay.Hold();
        await TestQuorum.ChangeAsync(leader, Large(1));
        await quorum.HoldsAsync(() => relay.Held.Any(held => held.IsOver && held.Bytes.Length > Size), "the leader to give a request up");
        var older = relay.Held.First(held => held.IsOver && held.Bytes.Length > Size);
        await TestQuorum.ChangeAsync(leader, Large(2));
        await TestQuorum.ChangeAsync(leader, Large(3));
        await quorum.HoldsAsync(() => relay.Held.Any(held => held.IsOver && held.Bytes.Length > 3 * Size), "the leader to send more on another connection");
        var newer = relay.Held.First(held => held.IsOver && held.Bytes.Length > 3 * Size);

        await relay.DeliverAsync(newer);
        var acknowledged = frozen.LastIndex;
        await relay.DeliverAsync(older);

        Assert.True(older.Bytes.Length < newer.Bytes.Length);
        Assert.Equal(((RaftIntentLog)leader.Log).Member!.CommittedIndex, acknowledged);
        Assert.Equal(acknowledged, frozen.LastIndex);
        relay.Release();
        await quorum.AgreeAsync();
    }

    private static IntentChange Large(int number) => new() { Operation = Guid.NewGuid(), Writes = [new IntentWrite(TestQuorum.Key(number), new byte[Size])] };
}
