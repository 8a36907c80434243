using Grpc.AspNetCore.Server;
using Grpc.AspNetCore.Server.Model;
using Meridian.Federation.Configuration;
using Meridian.Federation.Intents.Protocol;
using Meridian.Federation.Intents.Records;
using Meridian.Federation.Protocol;
using Meridian.Federation.Supervision;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Meridian.Federation.Intents;

/// <summary>Registers and maps the intent log.</summary>
public static class IntentLogServiceCollectionExtensions
{
    /// <summary>
    /// The log as <see cref="IIntentLog"/>, started with the host. Every mistake of the options is reported when the host starts. Connections to other members take their limits
    /// from <see cref="FederationOptions"/>, where they are configured.
    /// </summary>
    public static IServiceCollection AddIntentLog(this IServiceCollection services, Action<IntentLogOptions> configure)
    {
        services.AddOptionsWithValidateOnStart<IntentLogOptions>().Configure(configure);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<IntentLogOptions>, IntentLogOptionsValidator>());
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<ChangeRule>(RecordRules.Mistake);
        services.TryAddSingleton<LoopSupervisor>();
        services.TryAddSingleton(provider => IntentLogFactory.Create(
            provider.GetRequiredService<IOptions<IntentLogOptions>>().Value,
            provider.GetRequiredService<IOptions<FederationOptions>>().Value,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILoggerFactory>(),
            provider.GetRequiredService<ChangeRule>(),
            provider.GetRequiredService<LoopSupervisor>()));
        services.AddHostedService<IntentLogLifetime>();

        services.AddGrpc(grpc => grpc.IgnoreUnknownServices = true).AddServiceOptions<IntentService>(static grpc => grpc.Interceptors.Add<UnreadableMessages>());
        services.AddOptions<GrpcServiceOptions<IntentService>>().Configure<IOptions<FederationOptions>>((grpc, federation) =>
        {
            grpc.MaxReceiveMessageSize = federation.Value.MaxMessageBytes;
            grpc.MaxSendMessageSize = federation.Value.MaxMessageBytes;
        });
        services.TryAddSingleton<IntentService>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IServiceMethodProvider<IntentService>, IntentServiceMethods>());
        return services;
    }

    /// <summary>Serves what members of the log say to each other, beside <see cref="FederationServiceCollectionExtensions.MapMeridianRegionProtocol"/> on the same listener.</summary>
    public static IEndpointConventionBuilder MapMeridianIntentLog(this IEndpointRouteBuilder endpoints) => endpoints.MapGrpcService<IntentService>();
}
