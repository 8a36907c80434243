using Microsoft.Extensions.Hosting;

namespace Meridian.Intents.Hosting;

/// <summary>Starts the log with the host. It ends when the host's services are disposed, after everything that uses it has stopped.</summary>
internal sealed class IntentLogLifetime(IIntentLog log) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) => log.StartAsync(cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
