using Meridian.Cluster.Tests.Harness;

namespace Meridian.Intents.Tests.Contract;

/// <summary>One cluster for all tests of a class.</summary>
public abstract class IntentClusterFixture : IAsyncLifetime
{
    private readonly TemporaryDirectory _directory = new();
    private IIntentCluster? _cluster;

    public IIntentCluster Cluster => _cluster ?? throw new InvalidOperationException("The cluster has not been started.");

    public async ValueTask InitializeAsync() => _cluster = await StartAsync(_directory);

    public async ValueTask DisposeAsync()
    {
        if (_cluster is not null)
            await _cluster.DisposeAsync();
        _directory.Dispose();
        GC.SuppressFinalize(this);
    }

    protected abstract Task<IIntentCluster> StartAsync(TemporaryDirectory directory);
}
