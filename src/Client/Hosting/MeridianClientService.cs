using Meridian.Client.Regions;
using Microsoft.Extensions.Hosting;

namespace Meridian.Client.Hosting;

/// <summary>Starts connecting when the application starts, without delaying its start. Closes the connections when the application stops.</summary>
internal sealed class MeridianClientService(RegionPool pool) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        pool.Start();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => pool.DisposeAsync().AsTask().WaitAsync(cancellationToken);
}
