namespace Meridian.Silo.Models;

/// <summary>Registers what the <c>control</c> role does for models.</summary>
internal static class ModelExtensions
{
    public static IServiceCollection AddModelInstaller(this IServiceCollection services) => services.AddHostedService<ModelInstaller>();
}
