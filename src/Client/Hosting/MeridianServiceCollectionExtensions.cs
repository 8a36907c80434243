using Meridian.Client.Calls;
using Meridian.Client.Chat;
using Meridian.Client.Embeddings;
using Meridian.Client.Regions;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Meridian.Client.Hosting;

/// <summary>Registers Meridian's client.</summary>
public static class MeridianServiceCollectionExtensions
{
    /// <summary>
    /// Registers <see cref="IMeridianClient"/>, <see cref="IChatClient"/> and <c>IEmbeddingGenerator&lt;string, Embedding&lt;float&gt;&gt;</c>. The regions
    /// are connected in the background when the host starts, or at the first request if there is no host. The client works beside the application's own
    /// Orleans silo or client.
    /// </summary>
    public static IServiceCollection AddMeridian(this IServiceCollection services, Action<MeridianClientOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        Register(services).Configure(configure);
        return services;
    }

    /// <summary>Does the same, with options from a configuration section such as <c>Meridian</c>.</summary>
    public static IServiceCollection AddMeridian(this IServiceCollection services, IConfiguration configuration, Action<MeridianClientOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var options = Register(services).Bind(configuration);
        if (configure is not null)
            options.Configure(configure);
        return services;
    }

    private static OptionsBuilder<MeridianClientOptions> Register(IServiceCollection services)
    {
        services.AddLogging();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<MeridianClientOptions>, MeridianClientOptionsValidator>());
        services.TryAddSingleton(provider => new RegionPool(
            provider.GetRequiredService<IOptions<MeridianClientOptions>>(),
            provider.GetRequiredService<ILoggerFactory>(),
            provider.GetRequiredService<TimeProvider>(),
            new Random()));
        services.TryAddSingleton<IMeridianClient, MeridianClient>();
        services.TryAddSingleton<IEmbeddingGenerator<string, Embedding<float>>, MeridianEmbeddingGenerator>();
        services.TryAddSingleton(static _ => new SeedSource(new Random()));
        services.TryAddSingleton<IChatClient, MeridianChatClient>();
        services.AddHostedService<MeridianClientService>();
        return services.AddOptionsWithValidateOnStart<MeridianClientOptions>();
    }
}
