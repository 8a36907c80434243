using Meridian.Grains.Storage;
using Meridian.Silo.Store.Health;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Meridian.Silo.Store;

/// <summary>Registers the embedded store and the store's health.</summary>
internal static class StoreExtensions
{
    public static IServiceCollection AddEmbeddedStore(this IServiceCollection services) => services.AddStoreHealth().AddHostedService<EmbeddedStore>();

    public static IServiceCollection AddStoreHealth(this IServiceCollection services)
    {
        services.TryAddSingleton<StoreHealth>();
        services.TryAddSingleton<IStoreHealth>(static s => s.GetRequiredService<StoreHealth>());
        return services;
    }
}
