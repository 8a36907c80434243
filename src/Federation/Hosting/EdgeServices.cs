using Meridian.Federation.Edge;
using Meridian.Federation.Protocol;
using Meridian.Federation.Regions;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Meridian.Federation.Hosting;

internal static class EdgeServices
{
    /// <summary>Where requests enter.</summary>
    public static void AddEdge(this IServiceCollection services)
    {
        services.TryAddSingleton<IRegionTransport, GrpcRegionTransport>();
        services.TryAddSingleton<IEdge, EdgeDispatcher>();
    }
}
