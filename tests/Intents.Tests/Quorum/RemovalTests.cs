using Meridian.Intents.Tests.Quorum.Members;
using Microsoft.Extensions.Time.Testing;

namespace Meridian.Intents.Tests.Quorum;

/// <summary>A voter is removed, goes on running, and is added again.</summary>
public sealed class RemovalTests
{
    private static readonly string[] Three = ["eu", "us", "ap"];

    [Fact]
    public async Task A_voter_is_removed_and_returns_while_changes_are_made_through_all_and_none_is_lost()
    {
        await using var quorum = await TestQuorum.StartAsync(Three);
        var leader = await quorum.CanChangeAsync();
        var removed = quorum.Members.First(member => member != leader);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var enough = new CancellationTokenSource();
        var made = new List<int>();
        var writing = Task.WhenAll(quorum.Members.Select((member, place) => WriteAsync(member, 1000 * (place + 1))));

        Assert.True(await leader.Log.RemoveVoterAsync(removed.Name, limit.Token));
        await quorum.HoldsAsync(() => removed.Log.Status.Problem?.Contains("removed", StringComparison.Ordinal) == true, "the removed one to say so");

        // What is sent to the removed one is made, and answered as it was made.
        var outcome = await TestQuorum.ChangeAsync(removed, TestQuorum.Write(1, 1), 15);
        Assert.True(outcome.Made);
        await quorum.HoldsAsync(() => leader.Log.Current.Records.TryGetValue(TestQuorum.Key(1), out var record) && record.Epoch == outcome.Revision, "the leader to have it");
        var refused = await Assert.ThrowsAsync<IntentUnavailableException>(() => TestQuorum.ReadAsync(removed, 15));
        Assert.Contains("removed", refused.Message, StringComparison.Ordinal);
        Assert.False(refused.OutcomeUnknown);

        await leader.Log.AddVoterAsync(new IntentVoter { Name = removed.Name, Consensus = removed.Self.Consensus, Protocol = new Uri(removed.Self.Protocol) }, limit.Token);
        await quorum.HoldsAsync(() => removed.Log.Status is { Problem: null, CanChange: true }, "the removed one to be back");
        await enough.CancelAsync();
        await writing;

        Assert.Equal(3, (await quorum.CanChangeAsync()).Log.Status.Voters.Length);
        var copy = await TestQuorum.ReadAsync(removed);
        Assert.NotEmpty(made);
        Assert.All(made, number => Assert.True(copy.Records.ContainsKey(TestQuorum.Key(number)), $"{number} was acknowledged and is missing."));
        await quorum.AgreeAsync();

        async Task WriteAsync(TestMember member, int first)
        {
            for (var number = first; !enough.IsCancellationRequested; number++)
            {
                if ((await TestQuorum.ChangeAsync(member, TestQuorum.Write(number, 1))).Made)
                {
                    lock (made)
                        made.Add(number);
                }
            }
        }
    }

    [Fact]
    public async Task The_leader_does_not_resign_for_a_member_that_does_not_vote()
    {
        // The members' polls and their patience go by this clock, ten times as fast as consensus, which has its own: a follower that is merely slow is not taken for a stuck one.
        var clock = new FakeTimeProvider();
        using var lines = new LogLines();
        await using var quorum = new TestQuorum(Three, configure: options => options.UpperElectionTimeoutMs = 3000, time: clock, logs: lines);
        await Task.WhenAll(quorum.Members.Select(member => member.StartAsync()));
        await Advancing(() => quorum.Running.Any(member => member.Log.Status is { Role: IntentLogRole.Leader, CanChange: true }));
        var leader = await quorum.CanChangeAsync();
        var removed = quorum.Members.First(member => member != leader);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await leader.Log.RemoveVoterAsync(removed.Name, limit.Token);
        await Advancing(() => removed.Log.Status.Problem?.Contains("removed", StringComparison.Ordinal) == true);

        for (var round = 0; round < 5; round++)
        {
            var change = TestQuorum.ChangeAsync(leader, TestQuorum.Write(round, 1));
            await Advancing(() => change.IsCompleted);
            Assert.True((await change).Made);
            var until = clock.GetUtcNow() + TimeSpan.FromSeconds(6);
            await Advancing(() => clock.GetUtcNow() > until);
        }

        Assert.DoesNotContain(lines.All, line => line.Contains($"Member {removed.Name} answers but stays", StringComparison.Ordinal));

        Task Advancing(Func<bool> holds) => quorum.HoldsAsync(
            () =>
            {
                clock.Advance(TimeSpan.FromMilliseconds(100));
                return holds();
            },
            "it to hold while time passes");
    }
}
