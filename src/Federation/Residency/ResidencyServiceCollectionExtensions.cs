using Meridian.Routing.Residency;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Meridian.Federation.Residency;

/// <summary>Registers what binds the data of requests.</summary>
public static class ResidencyServiceCollectionExtensions
{
    /// <summary>Adds the rules of an edge; without settings nothing but tenants' residency and the callers' own narrowing binds. Mistakes are reported when the host starts, all of them.</summary>
    public static IServiceCollection AddMeridianResidency(this IServiceCollection services, Action<ResidencyOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddOptionsWithValidateOnStart<ResidencyOptions>().Configure(options => configure?.Invoke(options));
        services.TryAddSingleton<GeofenceHolder>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<ResidencyOptions>, GeofenceHolder>(p => p.GetRequiredService<GeofenceHolder>()));
        services.TryAddSingleton(p =>
        {
            _ = p.GetRequiredService<IOptions<ResidencyOptions>>().Value;
            return p.GetRequiredService<GeofenceHolder>().Geofence;
        });
        services.TryAddSingleton<TenantResidency>();
        services.TryAddSingleton<DataBoundaries>();
        services.TryAddSingleton<EdgeGate>();
        return services;
    }

    /// <summary>Reads the geofence when the options are first made and judged, and keeps it: its file may be large.</summary>
    private sealed class GeofenceHolder : IValidateOptions<ResidencyOptions>
    {
        public Geofence Geofence { get; private set; } = Geofence.Open;

        public ValidateOptionsResult Validate(string? name, ResidencyOptions options)
        {
            var mistakes = new List<string>();
            if (options.Jurisdiction is { } jurisdiction && string.IsNullOrWhiteSpace(jurisdiction))
                mistakes.Add("Jurisdiction = '': must be a name such as 'eu', or absent.");
            var wrong = new List<string>();
            Geofence = GeofenceReader.Read(options.Geofence, wrong);
            mistakes.AddRange(wrong.Select(m => $"Geofence:{m}"));
            return mistakes.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(mistakes);
        }
    }
}
