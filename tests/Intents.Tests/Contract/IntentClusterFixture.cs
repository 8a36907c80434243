using Meridian.Cluster.Tests.Harness;

namespace Meridian.Intents.Tests.Contract;

/// <summary>One cluster for all tests of a class. Where it cannot start the fixture says why and each test is skipped: a skip that a fixture throws counts as a failure of all its tests.</summary>
public abstract class IntentClusterFixture : IAsyncLifetime
{
    private readonly TemporaryDirectory _directory = new();
    private IIntentCluster? _cluster;

    public IIntentCluster Cluster => _cluster ?? throw new InvalidOperationException("The cluster has not been started.");

    /// <value>What this machine lacks for such a cluster, in words; null: nothing.</value>
    public virtual string? Missing => null;

    public async ValueTask InitializeAsync()
    {
        if (Missing is null)
            _cluster = await StartAsync(_directory);
    }

    public async ValueTask DisposeAsync()
    {
        if (_cluster is not null)
            await _cluster.DisposeAsync();
        _directory.Dispose();
        GC.SuppressFinalize(this);
    }

    protected abstract Task<IIntentCluster> StartAsync(TemporaryDirectory directory);
}
