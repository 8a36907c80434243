namespace Meridian.Simulation;

/// <summary>Scenario files beside the program.</summary>
internal static class Scenarios
{
    private static string Folder => Path.Combine(AppContext.BaseDirectory, "scenarios");

    public static IEnumerable<string> All() => Directory.GetFiles(Folder, "*.json").Order(StringComparer.Ordinal);

    /// <exception cref="InvalidDataException">A name is neither a scenario nor a file.</exception>
    public static IEnumerable<string> Resolve(string[] names)
    {
        if (names.Length == 0)
            return All();
        return names.Select(name =>
        {
            var own = Path.Combine(Folder, name + ".json");
            if (File.Exists(own))
                return own;
            return File.Exists(name) ? name : throw new InvalidDataException($"There is no scenario '{name}'; there are {string.Join(", ", All().Select(Path.GetFileNameWithoutExtension))}.");
        });
    }
}
