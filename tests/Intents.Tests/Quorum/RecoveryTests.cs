using Meridian.Intents.Tests.Quorum.Members;

namespace Meridian.Intents.Tests.Quorum;

public sealed class RecoveryTests
{
    private static readonly string[] Three = ["eu", "us", "ap"];

    [Fact]
    public async Task One_member_goes_on_alone_and_those_it_left_behind_cannot_return_as_they_are()
    {
        await using var quorum = await TestQuorum.StartAsync(Three);
        var first = await TestQuorum.ChangeAsync(quorum["eu"], TestQuorum.Write(1, 1));
        await quorum.AgreeAsync();
        foreach (var member in quorum.Members)
            await member.StopAsync();

        var report = await quorum["eu"].RecoverAsync();

        Assert.Equal(2, report.Generation);
        Assert.Equal(2, report.Removed.Count);
        Assert.True(report.LastTerm >= 1 && report.AppliedIndex <= report.LastIndex && report.CommittedIndex <= report.LastIndex, report.ToString());
        Assert.Equal(report.LastIndex - report.CommittedIndex, report.Unconfirmed);
        Assert.Contains("after index", report.ToString());
        await quorum["eu"].StartAsync();
        await quorum.CanChangeAsync();
        await quorum.HoldsAsync(() => quorum["eu"].Log.Current.Revision > uint.MaxValue, "the new generation to begin");
        Assert.Equal([1], quorum["eu"].Log.Current.Records[TestQuorum.Key(1)].Value);
        var second = await TestQuorum.ChangeAsync(quorum["eu"], TestQuorum.Write(1, 2, new IntentCondition(TestQuorum.Key(1), first.Revision)));
        Assert.True(second.Made);
        Assert.True(second.Revision > 1L << 32);

        await quorum["us"].StartAsync();
        await quorum["ap"].StartAsync();
        await quorum.HoldsAsync(() => new[] { "us", "ap" }.All(name => quorum[name].Log.Status.Problem?.Contains("generation 2, here 1", StringComparison.Ordinal) == true), "both to find the later generation");
        await Assert.ThrowsAsync<IntentUnavailableException>(() => TestQuorum.ReadAsync(quorum["us"], 1));
        Assert.Equal([1], quorum["us"].Log.Current.Records[TestQuorum.Key(1)].Value);
        Assert.Equal([2], (await TestQuorum.ReadAsync(quorum["eu"])).Records[TestQuorum.Key(1)].Value);

        foreach (var name in new[] { "us", "ap" })
        {
            await quorum[name].StopAsync();
            quorum[name].LoseDisk();
            await quorum[name].StartAsync();
            await quorum.HoldsAsync(() => quorum[name].Log.Status.Role != IntentLogRole.Joining, $"'{name}' to be let in");
            Assert.Equal([2], (await TestQuorum.ReadAsync(quorum[name])).Records[TestQuorum.Key(1)].Value);
        }

        await quorum["eu"].StopAsync();
        Assert.True((await TestQuorum.ChangeAsync(quorum["us"], TestQuorum.Write(2, 2))).Made);
    }

    [Fact]
    public async Task A_quorum_that_goes_on_with_the_old_log_stops_when_it_finds_the_later_generation()
    {
        await using var quorum = await TestQuorum.StartAsync(Three);
        await quorum["eu"].StopAsync();
        await quorum["eu"].RecoverAsync();
        Assert.True((await TestQuorum.ChangeAsync(quorum["us"], TestQuorum.Write(1, 1))).Made);

        await quorum["eu"].StartAsync();

        await quorum.HoldsAsync(() => new[] { "us", "ap" }.All(name => quorum[name].Log.Status.Problem?.Contains("generation 2", StringComparison.Ordinal) == true), "the old quorum to stop");
        await quorum.HoldsAsync(() => quorum["eu"].Log.Status is { Role: IntentLogRole.Leader, CanChange: true }, "the one that went on alone to lead");
        Assert.True((await TestQuorum.ChangeAsync(quorum["eu"], TestQuorum.Write(2, 2))).Made);
        Assert.False(quorum["eu"].Log.Current.Records.ContainsKey(TestQuorum.Key(1)));
    }

    [Fact]
    public async Task A_member_that_runs_or_never_voted_is_not_made_to_go_on_alone()
    {
        await using var quorum = await TestQuorum.StartAsync(["eu"]);
        await Assert.ThrowsAsync<IntentLogException>(quorum["eu"].RecoverAsync);
        await using var waiting = new TestQuorum(["us", "ap"]);
        await waiting["us"].StartAsync();
        await waiting["us"].StopAsync();

        var failure = await Assert.ThrowsAsync<IntentLogException>(waiting["us"].RecoverAsync);

        Assert.Contains("no log", failure.Message);
    }
}
