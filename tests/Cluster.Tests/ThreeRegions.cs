using Meridian.Cluster.Tests.Harness;

namespace Meridian.Cluster.Tests;

/// <summary>The dev supervisor with its three regions and a front door, for the tests that leave it as they found it.</summary>
public sealed class ThreeRegions : IAsyncLifetime
{
    private readonly TemporaryDirectory _data = new();
    private DevInstallation? _installation;

    public DevInstallation Installation => _installation ?? throw new InvalidOperationException("The installation did not start.");

    public async ValueTask InitializeAsync() => _installation = await DevInstallation.StartAsync(_data.Path, "minilm");

    public async ValueTask DisposeAsync()
    {
        if (_installation is not null)
        {
            await _installation.DisposeAsync();
        }

        _data.Dispose();
    }
}
