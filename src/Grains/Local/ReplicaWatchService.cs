using Meridian.Grains.Draining.Watch;
using Meridian.Grains.Replicas;
using Microsoft.Extensions.Hosting;

namespace Meridian.Grains.Local;

/// <summary>
/// Runs the watches of replicas and drains in a process that is an Orleans client. In a silo, the silo's lifecycle starts them once grains can be
/// called.
/// </summary>
internal sealed class ReplicaWatchService(ReplicaWatch watch, DrainWatch drains, ILocalSiloDetails? silo = null) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (silo is null)
        {
            watch.Start();
            drains.Start();
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.WhenAll(watch.StopAsync(), drains.StopAsync());
}
