using Meridian.Silo.Configuration;

namespace Meridian.Silo.Hosting;

/// <summary>Says at every start that a process can be reached by others without keys, where its settings allow that.</summary>
/// <param name="addresses">What the process listens on.</param>
/// <param name="logger">Where it says so.</param>
internal sealed partial class PlainNetworkWarning(IReadOnlyList<Uri> addresses, ILogger<PlainNetworkWarning> logger) : IHostedService
{
    /// <summary>Adds the warning where it is due.</summary>
    public static void AddTo(IServiceCollection services, params Uri[] addresses)
    {
        Uri[] open = [.. addresses.Where(address => !MeridianOptionsRules.IsLoopback(address))];
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
