using Meridian.Federation.Routing;
using Meridian.Federation.Sovereignty;
using Meridian.Federation.Supervision;
using Meridian.Gateway.Admin;
using Meridian.Gateway.Admin.Directory;
using Meridian.Gateway.Admin.Draining;
using Meridian.Gateway.Callers;
using Meridian.Gateway.Chat;
using Meridian.Gateway.Closing;
using Meridian.Gateway.Completions;
using Meridian.Gateway.Embeddings;
using Meridian.Gateway.Generation;
using Meridian.Gateway.Generation.Answers;
using Meridian.Gateway.Generation.Resumption;
using Meridian.Gateway.Health;
using Meridian.Gateway.Intake;
using Meridian.Gateway.Models;
using Meridian.Gateway.Reference;
using Meridian.Gateway.Tokenization;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Meridian.Gateway;

public static class GatewayServiceCollectionExtensions
{
    /// <summary>
    /// Registers the HTTP facade. Needs an <see cref="Federation.Edge.IEdge"/>, an <see cref="Federation.Directory.IRegionDirectory"/> and a <see cref="RoutingDirector"/>;
    /// uses an <see cref="Federation.Edge.ILocalRegion"/> (readiness of the own region) and an <see cref="IModelScaling"/> where they are registered.
    /// </summary>
    public static IServiceCollection AddMeridianGateway(this IServiceCollection services, Action<GatewayOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddOptionsWithValidateOnStart<GatewayOptions>().Configure(options => configure?.Invoke(options));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<GatewayOptions>, GatewayOptionsValidator>());
        services.Configure<KestrelServerOptions>(kestrel => kestrel.AddServerHeader = false);
        services.AddRouting();
        services.AddCors();
        services.TryAddSingleton(TimeProvider.System);
        services.AddConcurrentRandom();
        services.AddMeridianSovereignty();
        services.TryAddSingleton<CallerResolver>();
        services.TryAddSingleton<EdgeBorder>();
        services.TryAddSingleton<RouteExplainer>();
        services.TryAddSingleton<ExplainEndpoint>();
        services.TryAddSingleton<ClosingDoors>();
        services.TryAddSingleton<RequestIntake>();
        services.TryAddSingleton<EmbeddingsEndpoint>();
        services.TryAddSingleton<EventStream>();
        services.TryAddSingleton<ResumableStreams>();
        services.AddHostedService(p => p.GetRequiredService<ResumableStreams>());
        services.TryAddSingleton<EventIds>();
        services.TryAddSingleton<LastingOpener>();
        services.TryAddSingleton<RepeatedAnswer>();
        services.TryAddSingleton<ResumablePath>();
        services.TryAddSingleton<GenerationPath>();
        services.TryAddSingleton<ChatEndpoint>();
        services.TryAddSingleton<CompletionsEndpoint>();
        services.TryAddSingleton<TokenizationEndpoints>();
        services.TryAddSingleton<ModelsEndpoints>();
        services.TryAddSingleton<HealthEndpoints>();
        services.TryAddSingleton<LoopSupervisor>();
        services.TryAddSingleton<RegionsEndpoint>();
        services.TryAddSingleton<ScalingEndpoints>();
        services.TryAddSingleton<DirectoryEndpoints>();
        services.TryAddSingleton<DrainEndpoints>();
        services.AddMeridianApiReference();
        return services;
    }
}
