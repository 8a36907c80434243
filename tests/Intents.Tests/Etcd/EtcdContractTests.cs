using Meridian.Cluster.Tests.Harness;
using Meridian.Intents.Tests.Contract;

namespace Meridian.Intents.Tests.Etcd;

public sealed class EtcdContractTests(EtcdContractTests.Fixture fixture) : IntentLogContract(fixture), IClassFixture<EtcdContractTests.Fixture>
{
    public sealed class Fixture : IntentClusterFixture
    {
        protected override async Task<IIntentCluster> StartAsync(TemporaryDirectory directory) => await EtcdIntentCluster.StartAsync(directory);
    }
}
