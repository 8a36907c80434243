using System.Globalization;
using System.Net;
using Meridian.Routing.Residency;

namespace Meridian.Federation.Residency;

/// <summary>Builds a geofence from its settings and its file, and says everything that is wrong with them.</summary>
public static class GeofenceReader
{
    /// <summary>Of a file with many mistakes the first are told, and how many follow.</summary>
    private const int MostTold = 10;

    private const int MostLength = 40;

    /// <param name="options">Settings.</param>
    /// <param name="mistakes">Receives the mistakes as <c>Name = 'value': rule</c>. The name is relative to the root of the options.</param>
    /// <returns>The geofence. It may be used only if no mistake was added.</returns>
    public static Geofence Read(GeofenceOptions options, ICollection<string> mistakes)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(mistakes);
        var findings = new List<GeofenceFinding>();
        var unknown = new DataBoundary(Permitted((options.Unknown ?? "").Split(',', StringSplitOptions.TrimEntries), "Unknown", options.Unknown, mistakes), null);
        findings.Add(new GeofenceFinding(null, false, unknown));
        var values = new Dictionary<string, ushort>(StringComparer.Ordinal);
        foreach (var (code, rule) in options.Countries.OrderBy(c => c.Key, StringComparer.Ordinal))
        {
            if (Country(code) is not { } country)
                mistakes.Add($"Countries:{code}: must be a country code of two letters (ISO 3166-1), for example DE.");
            else if (values.ContainsKey(country))
                mistakes.Add($"Countries:{code}: '{country}' is there twice.");
            else if (Rule(rule, code, mistakes) is { } boundary)
                Add(country, ruled: true, boundary);
        }

        var networks = new Dictionary<IPNetwork, string>();
        ReadFile(options.NetworksFile, networks, mistakes);
        ReadNetworks(options.Networks, networks, mistakes);
        var table = new List<(IPNetwork, ushort)>(networks.Count);
        foreach (var (network, country) in networks)
        {
            if (!values.TryGetValue(country, out var value))
                value = Add(country, ruled: false, unknown);
            table.Add((network, value));
        }

        return new Geofence(new NetworkTable(table), [.. findings], Proxies(options.TrustedProxies, mistakes));

        ushort Add(string country, bool ruled, DataBoundary boundary)
        {
            // At most 676 codes of two letters.
            var value = (ushort)findings.Count;
            findings.Add(new GeofenceFinding(country, ruled, boundary));
            values.Add(country, value);
            return value;
        }
    }

    private static DataBoundary? Rule(GeofenceCountryOptions rule, string code, ICollection<string> mistakes)
    {
        if (rule.Jurisdictions.Count == 0 && rule.Regions.Count == 0)
        {
            mistakes.Add($"Countries:{code}: names neither Jurisdictions nor Regions; name what is permitted, or '{GeofenceOptions.Allow}' or '{GeofenceOptions.Refuse}' as the only jurisdiction.");
            return null;
        }

        if (rule.Regions.Exists(string.IsNullOrWhiteSpace))
            mistakes.Add($"Countries:{code}:Regions has an empty name.");
        var jurisdictions = rule.Jurisdictions.Count == 0 ? null : Permitted([.. rule.Jurisdictions], $"Countries:{code}:Jurisdictions", string.Join(',', rule.Jurisdictions), mistakes);
        return new DataBoundary(jurisdictions, rule.Regions.Count == 0 ? null : [.. rule.Regions]);
    }

    private static string[]? Permitted(string[] names, string path, string? value, ICollection<string> mistakes)
    {
        if (names is [GeofenceOptions.Allow])
            return null;
        if (names is [GeofenceOptions.Refuse])
            return [];
        if (!Array.TrueForAll(names, IsJurisdiction))
        {
            mistakes.Add($"{path} = '{value}': must be '{GeofenceOptions.Allow}' or '{GeofenceOptions.Refuse}' alone, or jurisdictions of lower-case letters, digits and '-', for example eu,us.");
            return [];
        }

        return names;
    }

    private static bool IsJurisdiction(string name) =>
        name.Length is >= 1 and <= MostLength && name is not (GeofenceOptions.Allow or GeofenceOptions.Refuse) && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');

    private static string? Country(string code) => code.Length == 2 && char.IsAsciiLetter(code[0]) && char.IsAsciiLetter(code[1]) ? code.ToUpperInvariant() : null;

    private static void ReadNetworks(List<GeofenceNetworkOptions> options, Dictionary<IPNetwork, string> networks, ICollection<string> mistakes)
    {
        var own = new Dictionary<IPNetwork, string>();
        for (var i = 0; i < options.Count; i++)
        {
            var (cidr, code) = (options[i].Cidr, options[i].Country);
            if (!NetworkNotation.TryNetwork(cidr, out var network, out var mistake))
                mistakes.Add($"Networks:{i}:Cidr = '{cidr}': {mistake}.");
            else if (Country(code) is not { } country)
                mistakes.Add($"Networks:{i}:Country = '{code}': must be a country code of two letters (ISO 3166-1), for example DE.");
            else if (own.TryGetValue(network, out var other) && other != country)
                mistakes.Add($"Networks:{i}: {network} is there twice, in {other} and in {country}.");
            else
                own[network] = networks[network] = country;
        }
    }

    private static void ReadFile(string? path, Dictionary<IPNetwork, string> networks, ICollection<string> mistakes)
    {
        if (string.IsNullOrWhiteSpace(path))
            return;
        var wrong = new List<string>();
        try
        {
            var number = 0;
            foreach (var line in File.ReadLines(path))
            {
                number++;
                if (Line(line.AsSpan().Trim(), number == 1, networks) is { } mistake)
                    wrong.Add(string.Create(CultureInfo.InvariantCulture, $"NetworksFile = '{path}': line {number}: {mistake}."));
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            mistakes.Add($"NetworksFile = '{path}': cannot be read: {e.Message}");
            return;
        }

        foreach (var mistake in wrong.Take(MostTold))
            mistakes.Add(mistake);
        if (wrong.Count > MostTold)
            mistakes.Add(string.Create(CultureInfo.InvariantCulture, $"NetworksFile = '{path}': {wrong.Count - MostTold} more lines are wrong."));
    }

    /// <returns>What is wrong with the line, or null.</returns>
    private static string? Line(ReadOnlySpan<char> line, bool first, Dictionary<IPNetwork, string> networks)
    {
        if (line.IsEmpty || line[0] == '#' || (first && line.Equals("cidr,country", StringComparison.OrdinalIgnoreCase)))
            return null;
        var comma = line.IndexOf(',');
        if (comma < 0)
            return $"'{Shorten(line)}' must be cidr,country";
        var cidr = line[..comma].Trim();
        if (!NetworkNotation.TryNetwork(cidr.ToString(), out var network, out var mistake))
            return $"'{Shorten(cidr)}': {mistake}";
        var code = line[(comma + 1)..].Trim();
        if (Country(code.ToString()) is not { } country)
            return $"'{Shorten(code)}' must be a country code of two letters";
        return networks.TryAdd(network, country) || networks[network] == country ? null : $"{network} is there twice, in {networks[network]} and in {country}";
    }

    private static NetworkTable Proxies(List<string> texts, ICollection<string> mistakes)
    {
        var networks = new List<(IPNetwork, ushort)>();
        for (var i = 0; i < texts.Count; i++)
        {
            if (NetworkNotation.TryNetwork(texts[i], out var network, out var mistake))
                networks.Add((network, 1));
            else
                mistakes.Add($"TrustedProxies:{i} = '{texts[i]}': {mistake}.");
        }

        return new NetworkTable(networks);
    }

    private static string Shorten(ReadOnlySpan<char> text) => text.Length <= MostLength ? text.ToString() : string.Concat(text[..MostLength], "...");
}
