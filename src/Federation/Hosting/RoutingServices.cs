using Meridian.Federation.Configuration;
using Meridian.Routing.Decision;
using Meridian.Routing.Policies;
using Meridian.Routing.Tables;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Meridian.Federation.Hosting;

internal static class RoutingServices
{
    /// <summary>The decision, what it counts and what it remembers.</summary>
    public static void AddRegionRouting(this IServiceCollection services)
    {
        services.TryAddSingleton<InFlightLedger>();
        services.TryAddSingleton<RoutingMemory>();
        services.TryAddSingleton(p =>
        {
            var options = p.GetRequiredService<IOptions<FederationOptions>>().Value;
            return new RoutingDirector(
                RoutingPolicies.ByName[options.RoutingPolicy], options.NearEqualMs, p.GetRequiredService<InFlightLedger>(), options.Routing, p.GetRequiredService<RoutingMemory>());
        });
    }
}
