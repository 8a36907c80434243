using Meridian.Cluster.Tests.Harness;

namespace Meridian.Intents.Tests.Chaos;

/// <summary>etcd under the same faults as <see cref="ChaosTests"/>.</summary>
public sealed class EtcdChaosTests
{
    [Theory]
    [MemberData(nameof(ChaosTests.Seeds), MemberType = typeof(ChaosTests))]
    public Task EtcdHoldsUnderFaults(int seed)
    {
        Assert.SkipUnless(TestTools.TryEtcd(out var etcd, out var reason), reason);
        return ChaosTests.RunAsync(seed, (network, directory) => ChaosCluster.Etcd(network, directory, etcd));
    }
}
