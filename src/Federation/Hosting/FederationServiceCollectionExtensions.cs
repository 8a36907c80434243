using Grpc.AspNetCore.Server;
using Grpc.AspNetCore.Server.Model;
using Meridian.Federation.Configuration;
using Meridian.Federation.Protocol;
using Meridian.Federation.Regions;
using Meridian.Intents.Supervision;
using Meridian.Intents.Wire;
using Meridian.Routing.Randomness;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Meridian.Federation.Hosting;

/// <summary>Registers and maps the federation.</summary>
public static class FederationServiceCollectionExtensions
{
    /// <summary>
    /// Directory, liveness, region protocol, routing and the edge. A process with an <see cref="ILocalRegion"/> in its services is part of that region;
    /// one without is a front door. Every mistake of the options is reported when the host starts.
    /// </summary>
    public static IServiceCollection AddMeridianFederation(this IServiceCollection services, Action<FederationOptions> configure)
    {
        services.AddFederationOptions(configure);
        services.AddConcurrentRandom();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<LoopSupervisor>();

        services.AddDirectory();
        services.AddAvailability();
        services.AddLiveness();
        services.AddRegionRouting();
        services.AddEdge();

        services.AddGrpc(grpc => grpc.IgnoreUnknownServices = true).AddServiceOptions<RegionService>(static grpc => grpc.Interceptors.Add<UnreadableMessages>());
        services.AddOptions<GrpcServiceOptions<RegionService>>().Configure<IOptions<FederationOptions>>((grpc, federation) =>
        {
            grpc.MaxReceiveMessageSize = federation.Value.Wire.MaxMessageBytes;
            grpc.MaxSendMessageSize = federation.Value.Wire.MaxMessageBytes;
        });
        services.TryAddSingleton<RegionService>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IServiceMethodProvider<RegionService>, RegionServiceMethods>());
        return services;
    }

    /// <summary>
    /// Serves the region protocol (gRPC, HTTP/2 without HTTP/1 on the same clear-text port). For processes with an <see cref="ILocalRegion"/> alone.
    /// Confine it to its port: <c>.RequireHost("*:8190")</c>.
    /// </summary>
    public static IEndpointConventionBuilder MapMeridianRegionProtocol(this IEndpointRouteBuilder endpoints) => endpoints.MapGrpcService<RegionService>();
}
