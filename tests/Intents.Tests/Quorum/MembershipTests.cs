using Meridian.Intents.Options;
using Meridian.Intents.Peers;
using Meridian.Intents.Tests.Quorum.Members;

namespace Meridian.Intents.Tests.Quorum;

public sealed class MembershipTests
{
    private static readonly string[] Three = ["eu", "us", "ap"];

    [Fact]
    public async Task No_quorum_is_founded_before_all_voters_can_be_reached()
    {
        await using var quorum = new TestQuorum(Three);
        await quorum["eu"].StartAsync();
        await quorum["us"].StartAsync();
        await quorum.HoldsAsync(() => quorum.Running.All(member => member.Log.Status.Problem?.Contains("'ap'", StringComparison.Ordinal) == true), "both to miss the third");
        Assert.All(quorum.Running, member => Assert.Equal(IntentLogRole.Joining, member.Log.Status.Role));

        await quorum["ap"].StartAsync();

        await quorum.CanChangeAsync();
        Assert.True((await TestQuorum.ChangeAsync(quorum["ap"], TestQuorum.Write(1, 1))).Made);
    }

    [Fact]
    public async Task Voters_that_were_told_of_different_quorums_found_none_and_say_so()
    {
        await using var quorum = new TestQuorum(["eu", "us"]);
        quorum["us"].Voters.RemoveAll(voter => voter.Name == "eu");
        quorum["us"].Voters.Add(new() { Name = "eu", Consensus = "127.0.0.1:1", Protocol = quorum["eu"].Self.Protocol });
        await quorum["eu"].StartAsync();
        await quorum["us"].StartAsync();

        await quorum.HoldsAsync(() => quorum.Running.All(member => member.Log.Status.Problem?.Contains("other voters", StringComparison.Ordinal) == true), "both to say so");

        Assert.All(quorum.Running, member => Assert.Equal(IntentLogRole.Joining, member.Log.Status.Role));
    }

    [Fact]
    public async Task A_member_that_lost_its_disk_does_not_vote_until_it_has_everything_again()
    {
        await using var quorum = await TestQuorum.StartAsync(Three);
        await Task.WhenAll(Enumerable.Range(0, 100).Select(i => TestQuorum.ChangeAsync(quorum["eu"], TestQuorum.Write(i, (byte)i))));
        var leader = await quorum.CanChangeAsync();
        var lost = quorum.Members.First(member => member != leader);
        var stopped = quorum.Members.First(member => member != leader && member != lost);
        await lost.StopAsync();
        await stopped.StopAsync();
        lost.LoseDisk();

        // Two of three run, but one has lost what it had voted for: together they are no majority.
        await lost.StartAsync();
        await quorum.HoldsAsync(() => lost.Log.Status.Problem?.Contains("former self", StringComparison.Ordinal) == true, "the member without a disk to wait for the leader");
        await Assert.ThrowsAsync<IntentUnavailableException>(() => TestQuorum.ChangeAsync(lost, TestQuorum.Write(1, 99), 1));
        Assert.Equal(IntentLogRole.Joining, lost.Log.Status.Role);
        Assert.Empty(lost.Log.Current.Records);

        await stopped.StartAsync();
        await quorum.HoldsAsync(() => lost.Log.Status.Role != IntentLogRole.Joining, "the member without a disk to vote");
        var copy = await TestQuorum.ReadAsync(lost);
        Assert.Equal(100, copy.Records.Count);
        await quorum.AgreeAsync();
        await quorum.HoldsAsync(() => quorum.Running.All(member => member.Log.Status.Voters.Length == 3), "three voters again");

        // And its vote counts again.
        await (await quorum.CanChangeAsync()).StopAsync();
        await quorum.CanChangeAsync();
        Assert.True((await TestQuorum.ChangeAsync(lost, TestQuorum.Write(1, 1))).Made);
    }

    [Fact]
    public async Task A_newcomer_is_let_in_while_all_run_and_leaves_again()
    {
        await using var quorum = await TestQuorum.StartAsync(Three);
        await Task.WhenAll(Enumerable.Range(0, 200).Select(i => TestQuorum.ChangeAsync(quorum["eu"], TestQuorum.Write(i, (byte)i))));
        var newcomer = quorum.Newcomer("br");

        await newcomer.StartAsync();

        await quorum.HoldsAsync(() => newcomer.Log.Status.Role == IntentLogRole.Follower, "the newcomer to vote");
        Assert.True((await TestQuorum.ChangeAsync(newcomer, TestQuorum.Write(1, 99))).Made);
        await quorum.HoldsAsync(() => quorum.Running.All(member => member.Log.Status.Voters.Any(voter => voter.Name == "br")), "all to know the newcomer");
        await quorum.AgreeAsync();

        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(15));
        Assert.True(await quorum["us"].Log.RemoveVoterAsync("br", limit.Token));
        await quorum.HoldsAsync(() => Three.All(name => quorum[name].Log.Status.Voters.Length == 3), "three voters");
        await quorum.HoldsAsync(() => newcomer.Log.Status.Problem?.Contains("removed", StringComparison.Ordinal) == true, "the removed one to say so");
        Assert.False(await quorum["us"].Log.RemoveVoterAsync("br", limit.Token));
        Assert.False(await quorum["us"].Log.RemoveVoterAsync("westeurop", limit.Token));
        await Assert.ThrowsAsync<ArgumentException>(() => quorum["us"].Log.AddVoterAsync(new IntentVoter { Name = "", Consensus = "x", Protocol = new Uri("http://x") }, limit.Token));
    }

    [Fact]
    public async Task A_leader_can_be_removed()
    {
        await using var quorum = await TestQuorum.StartAsync(Three);
        var leader = await quorum.CanChangeAsync();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));

        await leader.Log.RemoveVoterAsync(leader.Name, limit.Token);

        var other = quorum.Members.First(member => member != leader);
        Assert.True((await TestQuorum.ChangeAsync(other, TestQuorum.Write(1, 1))).Made);
        await quorum.HoldsAsync(() => other.Log.Status.Voters.Length == 2, "two voters");
    }

    // More rounds than members: one that did not stand again afterwards would soon leave nobody to lead.
    [Fact]
    public async Task A_leader_that_is_to_leave_lets_another_lead_at_once_and_may_lead_again_later()
    {
        await using var quorum = await TestQuorum.StartAsync(Three);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        for (var round = 0; round < 5; round++)
        {
            var leader = await quorum.CanChangeAsync();

            var reply = await leader.Peer.RemoveVoterAsync(new PeerRemoveVoter { From = "test", Name = leader.Name }, limit.Token);

            Assert.Equal(PeerCode.NotLeader, reply.Code);
            Assert.NotNull(reply.Leader);
            Assert.NotEqual(leader.Name, reply.Leader);
            await quorum.HoldsAsync(() => quorum[reply.Leader].Log.Status is { Role: IntentLogRole.Leader, CanChange: true }, "the other to lead");
        }

        Assert.Equal(3, (await quorum.CanChangeAsync()).Log.Status.Voters.Length);
    }

    [Fact]
    public async Task A_directory_of_another_member_is_refused_by_name()
    {
        await using var quorum = await TestQuorum.StartAsync(["eu"]);
        await quorum["eu"].StopAsync();
        await using var other = new TestQuorum(["us"]);
        System.IO.Directory.Move(quorum["eu"].Directory, other["us"].Directory);

        var failure = await Assert.ThrowsAsync<IntentLogException>(() => other["us"].StartAsync());

        Assert.Contains("belongs to member 'eu', not to 'us'", failure.Message);
    }

    [Fact]
    public async Task One_that_votes_alone_may_move_and_others_join_it_there()
    {
        await using var before = await TestQuorum.StartAsync(["eu"]);
        Assert.True((await TestQuorum.ChangeAsync(before["eu"], TestQuorum.Write(1, 1))).Made);
        await before["eu"].StopAsync();
        await using var after = new TestQuorum(["eu", "us"]);
        System.IO.Directory.Move(before["eu"].Directory, after["eu"].Directory);

        await Task.WhenAll(after.Members.Select(member => member.StartAsync()));

        Assert.True((await TestQuorum.ChangeAsync(after["us"], TestQuorum.Write(2, 2))).Made);
        Assert.Equal([1], (await TestQuorum.ReadAsync(after["us"])).Records[TestQuorum.Key(1)].Value);
        await after.HoldsAsync(() => after.Running.All(member => member.Log.Status.Voters.Length == 2), "both to vote");
        Assert.Equal(after["eu"].Self.Consensus, after["us"].Log.Status.Voters.Single(voter => voter.Name == "eu").Consensus);
        await after.AgreeAsync();
    }

    [Fact]
    public async Task All_of_one_machine_may_move_together()
    {
        await using var before = await TestQuorum.StartAsync(Three);
        await Task.WhenAll(Enumerable.Range(0, 100).Select(i => TestQuorum.ChangeAsync(before["us"], TestQuorum.Write(i, (byte)i))));
        await using var after = new TestQuorum(Three);
        foreach (var name in Three)
        {
            await before[name].StopAsync();
            System.IO.Directory.Move(before[name].Directory, after[name].Directory);
        }

        await Task.WhenAll(after.Members.Select(member => member.StartAsync()));
        await after.CanChangeAsync();

        Assert.True((await TestQuorum.ChangeAsync(after["ap"], TestQuorum.Write(1, 99))).Made);
        Assert.Equal(100, (await TestQuorum.ReadAsync(after["eu"])).Records.Count);
        await after.AgreeAsync();
        await after.HoldsAsync(
            () => after.Running.All(member => Three.All(name => member.Log.Status.Voters.Any(voter => voter.Name == name && voter.Consensus == after[name].Self.Consensus))), "the new addresses to be known");

        // A leader is found at its new address, and a second life is an ordinary one.
        await (await after.CanChangeAsync()).StopAsync();
        var other = await after.CanChangeAsync();
        Assert.True((await TestQuorum.ChangeAsync(other, TestQuorum.Write(2, 2))).Made);
    }

    [Fact]
    public async Task One_of_several_machines_may_not_move()
    {
        await using var before = await TestQuorum.StartAsync(Three);
        await before["eu"].StopAsync();
        await using var after = new TestQuorum(["eu"]);
        System.IO.Directory.Move(before["eu"].Directory, after["eu"].Directory);
        List<IntentVoterOptions> elsewhere = [after["eu"].Self, .. new[] { "us", "ap" }.Select((name, i) => new IntentVoterOptions { Name = name, Consensus = $"10.0.0.{i + 2}:1", Protocol = $"http://10.0.0.{i + 2}:2" })];
        await using var moved = new TestMember(after["eu"].Self, elsewhere, after["eu"].Directory);

        var failure = await Assert.ThrowsAsync<IntentLogException>(moved.StartAsync);

        Assert.Contains($"belongs to 'eu' at {before["eu"].Self.Consensus}, which now is to be at {after["eu"].Self.Consensus}", failure.Message);
    }

    [Fact]
    public async Task A_directory_is_held_by_one_process()
    {
        await using var quorum = await TestQuorum.StartAsync(["eu"]);
        await using var second = new TestQuorum(["eu"]);
        await using var intruder = new TestMember(second["eu"].Self, second["eu"].Voters, quorum["eu"].Directory);

        var failure = await Assert.ThrowsAsync<IntentLogException>(intruder.StartAsync);

        Assert.Contains(quorum["eu"].Directory, failure.Message);
    }
}
