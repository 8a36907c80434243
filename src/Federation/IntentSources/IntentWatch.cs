using Meridian.Federation.Regions;
using Microsoft.Extensions.Hosting;

namespace Meridian.Federation.IntentSources;

/// <summary>Starts and stops the intent watch with the host, if the intent is a <see cref="WatchedIntent"/>. Other intent sources need no watch.</summary>
internal sealed class IntentWatch(IIntentSource intent) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) =>
        intent is WatchedIntent watched ? watched.StartAsync(cancellationToken) : Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) =>
        intent is WatchedIntent watched ? watched.StopAsync(cancellationToken) : Task.CompletedTask;
}
