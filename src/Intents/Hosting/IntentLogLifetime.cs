using Microsoft.Extensions.Hosting;

namespace Meridian.Intents.Hosting;

/// <summary>Starts the log with the host. The log ends when the host's services are disposed, after all its users have stopped.</summary>
internal sealed class IntentLogLifetime(IIntentLog log) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) => log.StartAsync(cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
