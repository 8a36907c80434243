using Meridian.Silo.Configuration.Rules;

namespace Meridian.Silo.Hosting;

/// <summary>Warns at every start if other machines can reach the process without keys, because it listens on an address that is not loopback.</summary>
/// <param name="addresses">The addresses that are not loopback.</param>
/// <param name="logger">Receives the warning.</param>
internal sealed partial class PlainNetworkWarning(IReadOnlyList<Uri> addresses, ILogger<PlainNetworkWarning> logger) : IHostedService
{
    /// <summary>Adds the warning if at least one address is not loopback.</summary>
    public static void AddTo(IServiceCollection services, params Uri[] addresses)
    {
        Uri[] open = [.. addresses.Where(address => !SettingRules.IsLoopback(address))];
        if (open.Length > 0)
        {
            services.AddSingleton<IHostedService>(provider => new PlainNetworkWarning(open, provider.GetRequiredService<ILogger<PlainNetworkWarning>>()));
        }
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        LogPlain(string.Join(", ", addresses));
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
