using Meridian.Federation.Availability;
using Meridian.Federation.Configuration;
using Meridian.Federation.Regions;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Meridian.Federation.Hosting;

internal static class AvailabilityServices
{
    /// <summary>Breakers and slow start of all regions.</summary>
    public static void AddAvailability(this IServiceCollection services)
    {
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<FederationOptions>, AvailabilityOptionsValidator>());
        services.TryAddSingleton(p => new AvailabilityBoard(p.GetRequiredService<IOptions<FederationOptions>>().Value.Availability, p.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton<IAttemptReports>(p => p.GetRequiredService<AvailabilityBoard>());
    }
}
