using System.Diagnostics;
using System.Globalization;
using Meridian.Cluster.Tests.Harness;
using Meridian.IntentNode;
using Meridian.TestModules;

namespace Meridian.Intents.Tests.Chaos;

/// <summary>How long no change is made after the leader was killed with -9: never longer than allowed, in a short run of the suite as in a long one.</summary>
[Collection(MachineAlone.Name)]
public sealed class LeaderLossTests
{
    private static readonly TimeSpan Allowed = TimeSpan.FromSeconds(6);

    [Fact]
    public Task RaftIsWithoutALeaderForSixSecondsAtMost() => MeasureAsync(ChaosCluster.Raft);

    [Fact]
    public Task EtcdIsWithoutALeaderForSixSecondsAtMost()
    {
        Assert.SkipUnless(TestTools.TryEtcd(out var etcd, out var reason), reason);
        return MeasureAsync((network, directory) => ChaosCluster.Etcd(network, directory, etcd));
    }

    private static async Task MeasureAsync(Func<INetwork, TemporaryDirectory, ChaosCluster> create)
    {
        using var directory = new TemporaryDirectory();
        await using var cluster = create(new LoopbackNetwork(), directory);
        await cluster.StartAllAsync();
        var stops = new List<double>();
        ChaosProcess? last = null;
        for (var kill = 0; kill < (ChaosSettings.IsLong ? 20 : 3); kill++)
        {
            // Who was killed last leads no more, whatever a node still believes: its change was made under another.
            var leader = await Eventually.AnswersAsync(
                async _ => await cluster.LeaderAsync() is { } found && found != last ? found : null, "another leader", TimeSpan.FromSeconds(20), cluster.Tails);
            last = leader;
            var caller = cluster.Nodes[(leader.Site + 1) % cluster.Nodes.Length];
            await leader.KillAsync();
            var watch = Stopwatch.StartNew();
            var outcome = await caller.ChangeAsync(new NodeChange(Guid.NewGuid(), $"after-{kill}", Condition: 0, kill, WaitMs: 20_000));
            Assert.True(outcome is { Answered: true, Made: true }, $"{outcome.Problem}{Environment.NewLine}{cluster.Tails()}");
            stops.Add(watch.Elapsed.TotalSeconds);
            await cluster.StartAllAsync();
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"Without a leader, s: {string.Join(' ', stops.Order().Select(stop => stop.ToString("0.00", CultureInfo.InvariantCulture)))}");

        Assert.True(stops.Max() <= Allowed.TotalSeconds, $"Changes stopped for {stops.Max():0.0} s. {cluster.Tails()}");
    }
}
