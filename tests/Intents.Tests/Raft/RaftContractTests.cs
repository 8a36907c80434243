using Meridian.Cluster.Tests.Harness;
using Meridian.Intents.Tests.Contract;

namespace Meridian.Intents.Tests.Raft;

[Collection(OneAtATime.Name)]
public sealed class RaftContractTests(RaftContractTests.Fixture fixture) : IntentLogContract(fixture), IClassFixture<RaftContractTests.Fixture>
{
    public sealed class Fixture : IntentClusterFixture
    {
        protected override async Task<IIntentCluster> StartAsync(TemporaryDirectory directory) => await RaftIntentCluster.StartAsync(directory);
    }
}
