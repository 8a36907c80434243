namespace Meridian.Silo.Store;

/// <summary>Registers the embedded store.</summary>
internal static class StoreExtensions
{
    public static IServiceCollection AddEmbeddedStore(this IServiceCollection services) => services.AddHostedService<EmbeddedStore>();
}
