using Meridian.Federation.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Meridian.Federation.Availability;

internal static class AvailabilityServices
{
    /// <summary>Breakers and slow start of all regions.</summary>
    public static void AddAvailability(this IServiceCollection services)
    {
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<FederationOptions>, AvailabilityOptionsValidator>());
        services.TryAddSingleton<AvailabilityBoard>();
        services.TryAddSingleton<IAttemptReports>(p => p.GetRequiredService<AvailabilityBoard>());
    }
}
