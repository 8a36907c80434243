using Meridian.Federation.Regions;
using Microsoft.Extensions.Hosting;

namespace Meridian.Federation.IntentSources;

/// <summary>Runs the watch with the host where the intent is a watched one; a region's intent is its own.</summary>
internal sealed class IntentWatch(IIntentSource intent) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) =>
        intent is WatchedIntent watched ? watched.StartAsync(cancellationToken) : Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) =>
        intent is WatchedIntent watched ? watched.StopAsync(cancellationToken) : Task.CompletedTask;
}
