using Grpc.AspNetCore.Server.Model;
using Meridian.Federation.Configuration;
using Meridian.Federation.IntentSources;
using Meridian.Federation.Protocol;
using Meridian.Federation.Regions;
using Meridian.Intents;
using Meridian.Intents.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Meridian.Federation.Hosting;

/// <summary>Registers and maps what a process with the intent log offers.</summary>
public static class ControlServiceCollectionExtensions
{
    /// <summary>
    /// Makes the intent log the source of intent of this process, and seeds the log with the configuration. The process must also add the log itself
    /// (<c>AddIntentLog</c>). It may add <c>AddMeridianFederation</c>.
    /// </summary>
    /// <param name="configure">As for <c>AddMeridianFederation</c>. A process that calls both must pass the same function to both.</param>
    public static IServiceCollection AddMeridianIntent(this IServiceCollection services, Action<FederationOptions> configure)
    {
        services.AddFederationOptions(configure);
        services.TryAddSingleton<ConfiguredIntent>();
        services.TryAddSingleton<LoggedIntent>();
        services.TryAddSingleton<IIntentSource>(p => p.GetRequiredService<LoggedIntent>());
        services.AddHostedService(p => p.GetRequiredService<LoggedIntent>());
        services.TryAddSingleton<ConfiguredState>();
        services.AddHostedService<IntentReconciler>();
        services.AddGrpc(grpc => grpc.IgnoreUnknownServices = true).AddServiceOptions<ControlService>(static grpc => grpc.Interceptors.Add<UnreadableMessages>());
        services.TryAddSingleton<ControlService>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IServiceMethodProvider<ControlService>, ControlServiceMethods>());
        return services;
    }

    /// <summary>For an installation without an intent log: shows the configuration of this process as a log that takes no changes.</summary>
    public static IServiceCollection AddMeridianIntentOfSettings(this IServiceCollection services)
    {
        services.TryAddSingleton<IIntentLog, ConfiguredIntentLog>();
        services.TryAddSingleton<ConfiguredState>();
        return services;
    }

    /// <summary>
    /// For a process of a region that is not an edge and does not keep the log, such as a second silo. The process follows the intent of the region's process that
    /// keeps the log (<see cref="FederationOptions.Control"/>), or its own configuration if none is named.
    /// </summary>
    public static IServiceCollection AddMeridianIntentWatch(this IServiceCollection services, Action<FederationOptions> configure)
    {
        services.AddFederationOptions(configure);
        services.AddDirectory();
        return services;
    }

    /// <summary>Serves the region's own processes. Confine it to the control address.</summary>
    public static IEndpointConventionBuilder MapMeridianControl(this IEndpointRouteBuilder endpoints) => endpoints.MapGrpcService<ControlService>();
}
