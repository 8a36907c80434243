using Microsoft.Extensions.Hosting;

namespace Meridian.Client.Regions;

/// <summary>The lifetime of a child host. Its owner starts and stops it, so it must not listen for Ctrl-C.</summary>
internal sealed class ChildLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
