using Meridian.Intents.Raft;
using Meridian.Intents.Tests.Quorum.Members;

namespace Meridian.Intents.Tests.Quorum;

public sealed class RaftIntentLogTests
{
    private static readonly string[] Three = ["eu", "us", "ap"];

    [Fact]
    public async Task A_single_member_founds_at_once_and_keeps_what_it_acknowledged()
    {
        await using var quorum = await TestQuorum.StartAsync(["eu"]);
        var member = quorum["eu"];

        var first = await TestQuorum.ChangeAsync(member, TestQuorum.Write(1, 7, new IntentCondition(TestQuorum.Key(1), 0)));
        var second = await TestQuorum.ChangeAsync(member, TestQuorum.Write(1, 8, new IntentCondition(TestQuorum.Key(1), 0)));

        Assert.True(first.Made);
        Assert.False(second.Made);
        Assert.Equal(first.Revision, second.ConflictEpoch);

        // The leader writes its generation and its address into the log by itself, soon after it leads; they count for the hash.
        var log = (RaftIntentLog)member.Log;
        await quorum.HoldsAsync(() => log.Member!.State is { Voters.Count: 1 } state && state.Generation.Number == log.Generation.Number, "the leader to be registered");
        var hash = member.Log.Current.Hash();
        await member.StopAsync();
        await member.StartAsync();
        // A member that has just started knows what is committed once it leads, and a read waits for that.
        var kept = await TestQuorum.ReadAsync(member);
        Assert.Equal(hash, kept.Hash());
        Assert.Equal([7], kept.Records[TestQuorum.Key(1)].Value);
    }

    [Fact]
    public async Task What_is_written_through_any_member_is_there_when_it_returns_and_read_through_every_member()
    {
        await using var quorum = await TestQuorum.StartAsync(Three);
        var number = 0;
        foreach (var writer in quorum.Members)
        {
            var outcome = await TestQuorum.ChangeAsync(writer, TestQuorum.Write(++number, (byte)number));

            Assert.True(outcome.Made);
            Assert.Equal(outcome.Revision, writer.Log.Current.Records[TestQuorum.Key(number)].Epoch);
            foreach (var reader in quorum.Members)
                Assert.True((await TestQuorum.ReadAsync(reader)).Records.ContainsKey(TestQuorum.Key(number)));
        }

        await quorum.AgreeAsync();
        Assert.Equal(["ap", "eu", "us"], quorum["eu"].Log.Status.Voters.Select(voter => voter.Name));
    }

    [Fact]
    public async Task One_of_many_that_compare_and_set_on_one_epoch_succeeds()
    {
        await using var quorum = await TestQuorum.StartAsync(Three);
        var epoch = 0L;
        for (var round = 0; round < 5; round++)
        {
            var condition = new IntentCondition(TestQuorum.Key(1), epoch);

            var outcomes = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => TestQuorum.ChangeAsync(quorum.Members[i % 3], TestQuorum.Write(1, (byte)i, condition))));

            epoch = Assert.Single(outcomes, outcome => outcome.Made).Revision;
        }
    }

    [Fact]
    public async Task An_operation_that_is_repeated_elsewhere_is_made_once()
    {
        await using var quorum = await TestQuorum.StartAsync(Three);
        var change = TestQuorum.Write(1, 1, new IntentCondition(TestQuorum.Key(1), 0));

        var outcomes = await Task.WhenAll(quorum.Members.Select(member => TestQuorum.ChangeAsync(member, change)));

        Assert.All(outcomes, outcome => Assert.Equal(outcomes[0], outcome));
        Assert.True(outcomes[0].Made);
    }

    [Fact]
    public async Task The_others_go_on_without_the_leader_and_it_catches_up()
    {
        await using var quorum = await TestQuorum.StartAsync(Three);
        await TestQuorum.ChangeAsync(quorum["eu"], TestQuorum.Write(1, 1));
        var leader = await quorum.CanChangeAsync();
        await leader.StopAsync();

        foreach (var member in quorum.Running)
            Assert.True((await TestQuorum.ChangeAsync(member, TestQuorum.Write(2, 2))).Made);

        await leader.StartAsync();
        Assert.Equal([2], (await TestQuorum.ReadAsync(leader)).Records[TestQuorum.Key(2)].Value);
        await quorum.AgreeAsync();
    }

    [Fact]
    public async Task A_minority_serves_what_it_has_and_refuses_changes_with_the_truth_about_them()
    {
        await using var quorum = await TestQuorum.StartAsync(Three);
        await TestQuorum.ChangeAsync(quorum["eu"], TestQuorum.Write(1, 1));
        await quorum["us"].StopAsync();
        await quorum["ap"].StopAsync();
        await quorum.HoldsAsync(() => !quorum["eu"].Log.Status.CanChange && quorum["eu"].Log.Status.Problem is not null, "the last member to notice");

        var refused = await Assert.ThrowsAsync<IntentUnavailableException>(() => TestQuorum.ChangeAsync(quorum["eu"], TestQuorum.Write(2, 2), 0.5));
        await Assert.ThrowsAsync<IntentUnavailableException>(() => TestQuorum.ReadAsync(quorum["eu"], 0.5));

        Assert.Equal([1], quorum["eu"].Log.Current.Records[TestQuorum.Key(1)].Value);
        await quorum["us"].StartAsync();

        // Unknown is always true of what went to a leader that fell silent; what is said not to be made must never be.
        if (!refused.OutcomeUnknown)
            Assert.DoesNotContain(TestQuorum.Key(2), (await TestQuorum.ReadAsync(quorum["us"])).Records.Keys);
        Assert.True((await TestQuorum.ChangeAsync(quorum["us"], TestQuorum.Write(2, 2))).Made);
    }

    [Theory]
    [InlineData(new[] { 0, 1, 2 })]
    [InlineData(new[] { 2, 0, 1 })]
    public async Task All_that_was_acknowledged_is_there_after_all_have_stopped_and_started_in_any_order(int[] order)
    {
        await using var quorum = await TestQuorum.StartAsync(Three);
        await Task.WhenAll(Enumerable.Range(0, 200).Select(i => TestQuorum.ChangeAsync(quorum.Members[i % 3], TestQuorum.Write(i, (byte)i))));
        foreach (var i in order)
            await quorum.Members[i].StopAsync();

        foreach (var i in order)
            await quorum.Members[i].StartAsync();

        foreach (var member in quorum.Members)
        {
            var copy = await TestQuorum.ReadAsync(member);
            Assert.All(Enumerable.Range(0, 200), i => Assert.Equal([(byte)i], copy.Records[TestQuorum.Key(i)].Value));
        }

        await quorum.AgreeAsync();
    }

    [Fact]
    public async Task A_member_that_was_away_for_long_catches_up_by_a_snapshot()
    {
        await using var quorum = await TestQuorum.StartAsync(Three);
        await TestQuorum.ChangeAsync(quorum["eu"], TestQuorum.Write(0, 0));
        await quorum["ap"].StopAsync();
        for (var batch = 0; batch < 5; batch++)
            await Task.WhenAll(Enumerable.Range(0, 100).Select(i => TestQuorum.ChangeAsync(quorum["us"], TestQuorum.Write(i, (byte)batch))));

        await quorum["ap"].StartAsync();

        var copy = await TestQuorum.ReadAsync(quorum["ap"]);
        Assert.All(Enumerable.Range(0, 100), i => Assert.Equal([4], copy.Records[TestQuorum.Key(i)].Value));
        await quorum.AgreeAsync();
        Assert.NotEmpty(System.IO.Directory.GetFiles(Path.Combine(quorum["ap"].Directory, "snapshots")));
    }

    [Fact]
    public async Task A_witness_votes_and_keeps_the_log_and_never_leads()
    {
        await using var quorum = await TestQuorum.StartAsync(["eu", "us", "w"], witness: "w");
        await TestQuorum.ChangeAsync(quorum["w"], TestQuorum.Write(1, 1));
        for (var round = 0; round < 2; round++)
        {
            var leader = await quorum.CanChangeAsync();
            Assert.NotEqual("w", leader.Name);
            await leader.StopAsync();
            var other = await quorum.CanChangeAsync();
            Assert.NotEqual("w", other.Name);
            Assert.True((await TestQuorum.ChangeAsync(quorum["w"], TestQuorum.Write(2, 2))).Made);
            await leader.StartAsync();
            await quorum.AgreeAsync();
        }
    }

    [Fact]
    public async Task A_change_is_waited_for()
    {
        await using var quorum = await TestQuorum.StartAsync(Three);
        var known = quorum["ap"].Log.Current.AppliedIndex;
        var waiting = quorum["ap"].Log.WaitForChangeAsync(known, CancellationToken.None);

        await TestQuorum.ChangeAsync(quorum["eu"], TestQuorum.Write(1, 1));

        Assert.True((await waiting.WaitAsync(TimeSpan.FromSeconds(10))).AppliedIndex > known);
    }
}
