using Meridian.Federation.Liveness;
using Meridian.Federation.Regions;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Meridian.Federation.Hosting;

internal static class LivenessServices
{
    /// <summary>This observer's view of all regions.</summary>
    public static void AddLiveness(this IServiceCollection services)
    {
        services.TryAddSingleton<LivenessService>();
        services.TryAddSingleton<IDirectoryFeed>(p => p.GetRequiredService<LivenessService>());
        services.TryAddSingleton<IRegionDirectory>(p => p.GetRequiredService<IDirectoryFeed>());
        services.TryAddSingleton<IFailureReports>(p => p.GetRequiredService<LivenessService>());
        services.TryAddSingleton<IPeerHints>(p => p.GetRequiredService<LivenessService>());
        services.AddHostedService(p => p.GetRequiredService<LivenessService>());
    }
}
