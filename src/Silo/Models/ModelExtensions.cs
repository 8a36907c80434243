namespace Meridian.Silo.Models;

/// <summary>Registers the model installer, which the <c>control</c> role runs.</summary>
internal static class ModelExtensions
{
    public static IServiceCollection AddModelInstaller(this IServiceCollection services) => services.AddHostedService<ModelInstaller>();
}
