using Meridian.Inference.Engines;
using Meridian.Inference.Engines.Embeddings;
using Meridian.Inference.Engines.Generation;
using Meridian.Inference.Packages;
using Meridian.Inference.Packages.Store;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Meridian.Inference;

/// <summary>Registers the services of inference.</summary>
public static class InferenceServices
{
    /// <summary>
    /// Registers <see cref="IModelStore"/>, <see cref="EngineCatalog"/> and the engine factories of this build (embedding, generation). Options are validated
    /// at start. Needs logging. Uses the system's <see cref="TimeProvider"/> unless another one is registered.
    /// </summary>
    public static IServiceCollection AddMeridianInference(this IServiceCollection services, Action<ModelStoreOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddOptionsWithValidateOnStart<ModelStoreOptions>().Configure(configure);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<ModelStoreOptions>, ModelStoreOptionsValidator>());
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<IModelStore, ModelStore>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IEngineFactory, EmbeddingEngineFactory>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IEngineFactory, GenerationEngineFactory>());
        services.TryAddSingleton<EngineCatalog>();
        return services;
    }
}
