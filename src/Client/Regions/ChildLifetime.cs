using Microsoft.Extensions.Hosting;

namespace Meridian.Client.Regions;

/// <summary>A child host lives as long as its owner says: it must not listen for Ctrl-C by itself.</summary>
internal sealed class ChildLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
