using Meridian.Federation.Configuration;
using Meridian.Federation.IntentSources;
using Meridian.Federation.Regions;
using Meridian.Intents.Supervision;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Meridian.Federation.Hosting;

internal static class DirectoryServices
{
    /// <summary>Where this process's intent comes from.</summary>
    public static void AddDirectory(this IServiceCollection services)
    {
        services.TryAddSingleton<LoopSupervisor>();
        services.TryAddSingleton<ConfiguredIntent>();
        services.TryAddSingleton<WatchedIntent>();
        services.TryAddSingleton<IIntentSource>(Source);
        services.AddHostedService<IntentWatch>();
    }

    /// <summary>The log's where this process keeps it; else what it is told by those who do; else its own configuration.</summary>
    private static IIntentSource Source(IServiceProvider services)
    {
        if (services.GetService<LoggedIntent>() is { } logged)
            return logged;
        var options = services.GetRequiredService<IOptions<FederationOptions>>().Value;
        return options.Region is null || options.Control is not null ? services.GetRequiredService<WatchedIntent>() : services.GetRequiredService<ConfiguredIntent>();
    }
}
