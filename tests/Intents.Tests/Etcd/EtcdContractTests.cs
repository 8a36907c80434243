using Meridian.Cluster.Tests.Harness;
using Meridian.Intents.Tests.Contract;

namespace Meridian.Intents.Tests.Etcd;

[Collection(OneAtATime.Name)]
public sealed class EtcdContractTests(EtcdContractTests.Fixture fixture) : IntentLogContract(fixture), IClassFixture<EtcdContractTests.Fixture>
{
    public sealed class Fixture : IntentClusterFixture
    {
        public override string? Missing => TestTools.TryEtcd(out _, out var reason) ? null : reason;

        protected override async Task<IIntentCluster> StartAsync(TemporaryDirectory directory) => await EtcdIntentCluster.StartAsync(directory);
    }
}
