using Meridian.Cluster.Tests.Harness;
using Meridian.Wan.Lab;

namespace Meridian.Intents.Tests.Chaos;

/// <summary>Embedded Raft, as processes, under kills, freezes and, where the machine can have a WAN lab, partitions. Long runs: docs/benchmarks.md.</summary>
public sealed class ChaosTests
{
    public static TheoryData<int> Seeds => [.. ChaosSettings.Seeds];

    [Theory]
    [MemberData(nameof(Seeds))]
    public Task RaftHoldsUnderFaults(int seed) => RunAsync(seed, ChaosCluster.Raft);

    internal static async Task RunAsync(int seed, Func<INetwork, TemporaryDirectory, ChaosCluster> create)
    {
        using var directory = new TemporaryDirectory();
        await using var cluster = create(WanLab.Missing() is null ? new LabNetwork(ChaosCluster.Sites, seed) : new LoopbackNetwork(), directory);
        var report = await ChaosRun.RunAsync(cluster, ChaosSettings.Of(seed), TestContext.Current.CancellationToken);
        TestContext.Current.TestOutputHelper?.WriteLine(report);
    }
}
