using Meridian.Federation.Residency;

namespace Meridian.Silo.Configuration.Rules;

/// <summary>The rules of <c>Tenants</c> and <c>Geofence</c>.</summary>
internal static class ResidencyRules
{
    internal static void CheckTenants(MeridianOptions options, ICollection<string> mistakes)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < options.Tenants.Count; i++)
        {
            var tenant = options.Tenants[i];
            var path = $"Tenants:{i}";
            if (!SettingRules.TenantName().IsMatch(tenant.Name))
            {
                mistakes.Add($"{MeridianOptions.Section}:{path}:Name = '{tenant.Name}': must be 1 to 128 letters, digits, '.', '_' or '-'.");
            }
            else if (!names.Add(tenant.Name))
            {
                mistakes.Add($"{MeridianOptions.Section}:{path}:Name = '{tenant.Name}': another tenant has this name; names must differ.");
            }

            if (tenant.Residency.Count == 0)
            {
                mistakes.Add($"{MeridianOptions.Section}:{path}:Residency: has no entries; name the jurisdictions that data of '{tenant.Name}' may enter, or leave the tenant out where it may go anywhere.");
            }

            foreach (var jurisdiction in tenant.Residency.Where(jurisdiction => !SettingRules.RegionName().IsMatch(jurisdiction)))
            {
                mistakes.Add($"{MeridianOptions.Section}:{path}:Residency has '{jurisdiction}': must be 1 to 40 lower-case letters, digits or '-', for example 'eu'.");
            }
        }
    }

    internal static void CheckGeofence(MeridianOptions options, ICollection<string> mistakes)
    {
        var wrong = new List<string>();
        GeofenceReader.Read(options.Geofence, wrong);
        foreach (var mistake in wrong)
        {
            mistakes.Add($"{MeridianOptions.Section}:Geofence:{mistake}");
        }

        foreach (var (country, rule) in options.Geofence.Countries)
        {
            foreach (var region in rule.Regions.Where(region => region.Length > 0 && !options.Regions.Exists(r => r.Name == region)))
            {
                mistakes.Add($"{MeridianOptions.Section}:Geofence:Countries:{country}:Regions has '{region}': not one of the configured regions.");
            }
        }
    }
}
