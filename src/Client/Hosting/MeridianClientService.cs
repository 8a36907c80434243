using Meridian.Client.Regions;
using Microsoft.Extensions.Hosting;

namespace Meridian.Client.Hosting;

/// <summary>Starts connecting with the application, without holding its start up, and lets go of the connections with its stop.</summary>
internal sealed class MeridianClientService(RegionPool pool) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        pool.Start();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => pool.DisposeAsync().AsTask().WaitAsync(cancellationToken);
}
