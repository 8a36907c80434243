using Meridian.Federation.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Meridian.Federation.Directory;

internal static class DirectoryServices
{
    /// <summary>Where this process's intent comes from.</summary>
    public static void AddDirectory(this IServiceCollection services)
    {
        services.TryAddSingleton<ConfiguredIntent>();
        services.TryAddSingleton<WatchedIntent>();
        services.TryAddSingleton<IIntentSource>(p =>
            p.GetRequiredService<IOptions<FederationOptions>>().Value.Region is null ? p.GetRequiredService<WatchedIntent>() : p.GetRequiredService<ConfiguredIntent>());
        services.AddHostedService<IntentWatch>();
    }
}
