using Meridian.Federation.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Meridian.Federation.Hosting;

internal static class FederationOptionsRegistration
{
    /// <summary>The options, every mistake of which is reported when the host starts, and the clock. A process may be told the same several times.</summary>
    public static void AddFederationOptions(this IServiceCollection services, Action<FederationOptions> configure)
    {
        services.AddOptionsWithValidateOnStart<FederationOptions>().Configure(configure);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<FederationOptions>, FederationOptionsValidator>());
        services.Replace(ServiceDescriptor.Singleton(static provider => provider.GetRequiredService<IOptions<FederationOptions>>().Value.Wire));
        services.TryAddSingleton(TimeProvider.System);
    }
}
