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

    [Fact]
    public void The_suites_seeds_have_every_kind_of_fault() =>
        Assert.Equal(FaultKinds.All.Order(), ChaosSettings.SuiteSeeds.SelectMany(seed => ChaosSettings.OfSuite(seed).Kinds).Order());

    // The runs pass on loopback, too; that they passed without a partition is said here.
    [Fact]
    public void Links_between_the_sites_can_be_cut()
    {
        var missing = WanLab.Missing();
        Assert.SkipUnless(missing is null, $"The chaos runs are on loopback: no link flaps and nothing is cut off, processes are killed and frozen alone. {missing}");
    }

    internal static async Task RunAsync(int seed, Func<INetwork, TemporaryDirectory, ChaosCluster> create)
    {
        if (WanLab.Missing() is { } missing)
            TestContext.Current.AddWarning($"On loopback, without flapping links and partitions: {missing}");
        using var directory = new TemporaryDirectory();
        await using var cluster = create(WanLab.Missing() is null ? new LabNetwork(ChaosCluster.Sites, seed) : new LoopbackNetwork(), directory);
        var report = await ChaosRun.RunAsync(cluster, ChaosSettings.Of(seed), TestContext.Current.CancellationToken);
        TestContext.Current.TestOutputHelper?.WriteLine(report);
    }
}
