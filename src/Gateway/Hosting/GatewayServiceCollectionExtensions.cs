using Meridian.Federation.Edge;
using Meridian.Federation.Regions;
using Meridian.Federation.Residency;
using Meridian.Gateway.Access;
using Meridian.Gateway.Admin.Draining;
using Meridian.Gateway.Admin.Explain;
using Meridian.Gateway.Admin.Records;
using Meridian.Gateway.Admin.Regions;
using Meridian.Gateway.Admin.Scaling;
using Meridian.Gateway.Explain;
using Meridian.Gateway.Health;
using Meridian.Gateway.Http;
using Meridian.Gateway.OpenAi.Chat;
using Meridian.Gateway.OpenAi.Completions;
using Meridian.Gateway.OpenAi.Embeddings;
using Meridian.Gateway.OpenAi.Generation;
using Meridian.Gateway.OpenAi.Generation.Answers;
using Meridian.Gateway.OpenAi.Generation.Resumption;
using Meridian.Gateway.OpenAi.Models;
using Meridian.Gateway.OpenAi.Tokenization;
using Meridian.Gateway.Reference;
using Meridian.Intents.Supervision;
using Meridian.Routing.Decision;
using Meridian.Routing.Randomness;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Meridian.Gateway.Hosting;

public static class GatewayServiceCollectionExtensions
{
    /// <summary>
    /// Registers the HTTP facade. It needs an <see cref="IEdge"/>, an <see cref="IRegionDirectory"/> and a <see cref="RoutingDirector"/>.
    /// It uses an <see cref="ILocalRegion"/> (readiness of the own region) and an <see cref="IModelScaling"/> if they are registered.
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
        services.AddMeridianResidency();
        services.AddMeridianApiReference();
        return services.AddAccess().AddOpenAi().AddHealth().AddAdmin();
    }

    /// <summary>Registers the services that find out who calls, from where, and whether the request may enter.</summary>
    private static IServiceCollection AddAccess(this IServiceCollection services)
    {
        services.TryAddSingleton<CallerResolver>();
        services.TryAddSingleton<EdgeBorder>();
        services.TryAddSingleton<RouteExplainer>();
        services.TryAddSingleton<FacadeShutdown>();
        services.TryAddSingleton<RequestIntake>();
        return services;
    }

    private static IServiceCollection AddOpenAi(this IServiceCollection services)
    {
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
        return services;
    }

    private static IServiceCollection AddHealth(this IServiceCollection services)
    {
        services.TryAddSingleton<HealthEndpoints>();
        return services;
    }

    private static IServiceCollection AddAdmin(this IServiceCollection services)
    {
        services.TryAddSingleton<LoopSupervisor>();
        services.TryAddSingleton<RegionsEndpoint>();
        services.TryAddSingleton<ExplainEndpoint>();
        services.TryAddSingleton<ScalingEndpoints>();
        services.TryAddSingleton<DirectoryEndpoints>();
        services.TryAddSingleton<DrainEndpoints>();
        return services;
    }
}
