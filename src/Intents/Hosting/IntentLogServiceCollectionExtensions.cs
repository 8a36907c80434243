using Grpc.AspNetCore.Server;
using Grpc.AspNetCore.Server.Model;
using Meridian.Intents.Options;
using Meridian.Intents.Peers;
using Meridian.Intents.Records;
using Meridian.Intents.Supervision;
using Meridian.Intents.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Meridian.Intents.Hosting;

/// <summary>Registers and maps the intent log.</summary>
public static class IntentLogServiceCollectionExtensions
{
    /// <summary>
    /// Registers the log as <see cref="IIntentLog"/>, started with the host. All mistakes in the options are reported when the host starts. Connections to
    /// other members use the limits in <see cref="WireOptions"/>.
    /// </summary>
    public static IServiceCollection AddIntentLog(this IServiceCollection services, Action<IntentLogOptions> configure)
    {
        services.AddOptionsWithValidateOnStart<IntentLogOptions>().Configure(configure);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<IntentLogOptions>, IntentLogOptionsValidator>());
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<ChangeRule>(RecordRules.Mistake);
        services.TryAddSingleton<LoopSupervisor>();
        services.TryAddSingleton<WireOptions>();
        services.TryAddSingleton(provider => IntentLogFactory.Create(
            provider.GetRequiredService<IOptions<IntentLogOptions>>().Value,
            provider.GetRequiredService<WireOptions>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILoggerFactory>(),
            provider.GetRequiredService<ChangeRule>(),
            provider.GetRequiredService<LoopSupervisor>()));
        services.AddHostedService<IntentLogLifetime>();

        services.AddGrpc(grpc => grpc.IgnoreUnknownServices = true).AddServiceOptions<IntentService>(static grpc => grpc.Interceptors.Add<UnreadableMessages>());
        services.AddOptions<GrpcServiceOptions<IntentService>>().Configure<WireOptions>((grpc, wire) =>
        {
            grpc.MaxReceiveMessageSize = wire.MaxMessageBytes;
            grpc.MaxSendMessageSize = wire.MaxMessageBytes;
        });
        services.TryAddSingleton<IntentService>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IServiceMethodProvider<IntentService>, IntentServiceMethods>());
        return services;
    }

    /// <summary>Maps the protocol between the members of the log. Serve it only on the control address.</summary>
    public static IEndpointConventionBuilder MapMeridianIntentLog(this IEndpointRouteBuilder endpoints) => endpoints.MapGrpcService<IntentService>();
}
