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
    /// Adds directory, liveness, region protocol, routing and the edge. A process whose services include an <see cref="ILocalRegion"/> is part of that region. A
    /// process without an <see cref="ILocalRegion"/> is a front door. The start of the host reports every mistake in the options.
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
    /// Serves the region protocol: gRPC over HTTP/2. A clear-text port cannot serve HTTP/1 as well. Only a process with an <see cref="ILocalRegion"/> may call this.
    /// Limit the endpoint to its own port: <c>.RequireHost("*:8190")</c>.
    /// </summary>
    public static IEndpointConventionBuilder MapMeridianRegionProtocol(this IEndpointRouteBuilder endpoints) => endpoints.MapGrpcService<RegionService>();
}
