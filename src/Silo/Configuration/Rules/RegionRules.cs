namespace Meridian.Silo.Configuration.Rules;

/// <summary>The rules of <c>Regions</c>.</summary>
internal static class RegionRules
{
    internal static void CheckRegions(MeridianOptions options, ICollection<string> mistakes)
    {
        if (options.Regions.Count is 0 or > PortPlan.MaxRegions)
        {
            mistakes.Add($"{MeridianOptions.Section}:Regions: has {options.Regions.Count} entries; 1 to {PortPlan.MaxRegions} are possible.");
        }

        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < options.Regions.Count; i++)
        {
            var region = options.Regions[i];
            var path = $"Regions:{i}";
            if (!SettingRules.RegionName().IsMatch(region.Name))
            {
                mistakes.Add($"{MeridianOptions.Section}:{path}:Name = '{region.Name}': must be 1 to 40 lower-case letters, digits or '-', starting with a letter.");
            }
            else if (!names.Add(region.Name))
            {
                mistakes.Add($"{MeridianOptions.Section}:{path}:Name = '{region.Name}': another region has this name; names must differ.");
            }

            if (!SettingRules.RegionName().IsMatch(region.Jurisdiction))
            {
                mistakes.Add($"{MeridianOptions.Section}:{path}:Jurisdiction = '{region.Jurisdiction}': must be 1 to 40 lower-case letters, digits or '-', for example 'eu'.");
            }

            if (region.Country is { } country && !SettingRules.Country().IsMatch(country))
            {
                mistakes.Add($"{MeridianOptions.Section}:{path}:Country = '{country}': must be two letters by ISO 3166-1, for example 'NL'.");
            }

            SettingRules.Range(mistakes, $"{path}:PricePerHour", region.PricePerHour, 0, 1_000_000);
            SettingRules.CheckAddress(region.Facade, $"{path}:Facade", mistakes);
            SettingRules.CheckAddress(region.Protocol, $"{path}:Protocol", mistakes);
            SettingRules.CheckAddress(region.Control, $"{path}:Control", mistakes);
            SettingRules.CheckHostPort(region.Consensus, $"{path}:Consensus", mistakes);
            if (region.Store is { } store)
            {
                StoreRules.CheckStore(store, $"{path}:Store", mistakes);
            }

            if (region.Clustering is { } clustering)
            {
                StoreRules.CheckClustering(clustering, $"{path}:Clustering", mistakes);
            }
        }

        if (!string.IsNullOrEmpty(options.Region) && !names.Contains(options.Region))
        {
            mistakes.Add($"{MeridianOptions.Section}:Region = '{options.Region}': not one of the configured regions ({string.Join(", ", names)}).");
        }
    }
}
