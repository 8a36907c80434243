using System.Globalization;
using Meridian.Silo.Configuration.Rules;
using Meridian.Silo.Sources;

namespace Meridian.Silo.Configuration.Reading;

/// <summary>
/// The layers of configuration. Each layer overrides the ones before: <c>appsettings.json</c> beside the executable, <c>--config FILE</c>, the environment
/// (<c>MERIDIAN__STORE__KIND</c>), the command line (<c>--Meridian:Store:Kind=Redis</c>, and the named options, which are shorthands).
/// </summary>
public static class MeridianConfiguration
{
    // A file that lists regions replaces the whole list. Merging by position would mix its first two regions with the third one of the defaults.
    private static readonly string[] ReplacedLists = [$"{MeridianOptions.Section}:Regions", $"{MeridianOptions.Section}:Models"];

    /// <summary>Reads all layers.</summary>
    /// <param name="file">Additional JSON file, or null.</param>
    /// <param name="overrides"><c>--Section:Key=value</c> arguments as the user gave them.</param>
    /// <param name="named">Values of named options, by configuration path; null values are left out.</param>
    /// <param name="models">Models to serve in addition. A model with the same name as one of the layers replaces it.</param>
    /// <exception cref="MistakesException">A file is missing or is not valid JSON.</exception>
    public static IConfigurationRoot Load(
        string? file, IReadOnlyList<string> overrides, IEnumerable<KeyValuePair<string, string?>> named, IReadOnlyList<NamedModel>? models = null)
    {
        var defaults = ReadJson(Path.Combine(AppContext.BaseDirectory, "appsettings.json"), required: false);
        if (file is not null)
        {
            var added = ReadJson(Path.GetFullPath(file), required: true);
            foreach (var list in ReplacedLists)
            {
                if (added.Keys.Any(key => IsUnder(key, list)))
                {
                    foreach (var key in defaults.Keys.Where(key => IsUnder(key, list)).ToArray())
                    {
                        defaults.Remove(key);
                    }
                }
            }

            foreach (var (key, value) in added)
            {
                defaults[key] = value;
            }
        }

        var layers = new ConfigurationBuilder()
            .AddInMemoryCollection(defaults)
            .AddEnvironmentVariables()
            .AddCommandLine([.. overrides])
            .AddInMemoryCollection(named.Where(pair => pair.Value is not null));
        return models is { Count: > 0 } ? layers.AddInMemoryCollection(Place(models, layers.Build())).Build() : layers.Build();
    }

    /// <summary>Settings of the named models. A model takes the position of the model with the same name, or else a new position at the end.</summary>
    private static Dictionary<string, string?> Place(IReadOnlyList<NamedModel> models, IConfigurationRoot layers)
    {
        const string List = $"{MeridianOptions.Section}:Models";
        var positions = new Dictionary<string, int>(StringComparer.Ordinal);
        var next = 0;
        foreach (var entry in layers.GetSection(List).GetChildren())
        {
            if (int.TryParse(entry.Key, NumberStyles.None, CultureInfo.InvariantCulture, out var position))
            {
                positions.TryAdd(entry[nameof(ModelEntry.Name)] ?? "", position);
                next = Math.Max(next, position + 1);
            }
        }

        var settings = new Dictionary<string, string?>();
        foreach (var model in models)
        {
            if (!positions.TryGetValue(model.Name, out var position))
            {
                positions.Add(model.Name, position = next++);
            }

            settings[string.Create(CultureInfo.InvariantCulture, $"{List}:{position}:{nameof(ModelEntry.Name)}")] = model.Name;
            settings[string.Create(CultureInfo.InvariantCulture, $"{List}:{position}:{nameof(ModelEntry.Source)}")] = model.Directory;
            settings[string.Create(CultureInfo.InvariantCulture, $"{List}:{position}:{nameof(ModelEntry.Order)}")] = model.ToString();

            // The directory decides the kind. The layers may hold the kind of another model at this position.
            settings[string.Create(CultureInfo.InvariantCulture, $"{List}:{position}:{nameof(ModelEntry.Kind)}")] = ModelSources.KindOf(model.Directory);
        }

        return settings;
    }

    /// <summary>Reads and checks section <c>Meridian</c>.</summary>
    /// <param name="configuration">All layers.</param>
    /// <param name="ofRegion">Whether the process must belong to a region.</param>
    /// <exception cref="MistakesException">At least one setting is wrong. The exception names all of them.</exception>
    public static MeridianOptions Read(IConfiguration configuration, bool ofRegion = false)
    {
        var mistakes = new List<string>();
        var options = SettingsReader.Read<MeridianOptions>(configuration.GetSection(MeridianOptions.Section), mistakes);
        foreach (var model in options.Models)
        {
            model.Kind = string.IsNullOrWhiteSpace(model.Kind) ? ModelSources.KindOf(model.Source) : model.Kind;
        }

        MeridianOptionsRules.Check(options, mistakes);
        if (ofRegion && string.IsNullOrEmpty(options.Region))
        {
            mistakes.Add($"{MeridianOptions.Section}:Region = '': say which region this is with --name REGION, one of {string.Join(", ", options.Regions.Select(region => region.Name))}.");
        }

        return mistakes.Count == 0 ? options : throw new MistakesException(mistakes);
    }

    private static bool IsUnder(string key, string list) => key.StartsWith(list + ":", StringComparison.OrdinalIgnoreCase);

    private static Dictionary<string, string?> ReadJson(string path, bool required)
    {
        var values = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        if (!File.Exists(path))
        {
            return required
                ? throw new MistakesException([$"--config '{path}': no such file."])
                : values;
        }

        try
        {
            using var json = File.OpenRead(path);
            foreach (var (key, value) in new ConfigurationBuilder().AddJsonStream(json).Build().AsEnumerable())
            {
                if (value is not null)
                {
                    values[key] = value;
                }
            }

            return values;
        }
        catch (Exception e) when (e is FormatException or InvalidDataException or System.Text.Json.JsonException)
        {
            throw new MistakesException([$"'{path}' is no valid JSON: {(e.InnerException ?? e).Message}"]);
        }
    }
}
