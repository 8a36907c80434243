namespace Meridian.Simulation.Strategies;

/// <summary>All strategies by name. Each run makes its own: they remember.</summary>
internal static class StrategyList
{
    private static readonly Dictionary<string, Func<IStrategy>> ByName = new(StringComparer.Ordinal)
    {
        ["region-local"] = () => new LocalStrategy(),
        ["round-robin"] = () => new RoundRobinStrategy(),
        ["least-load"] = () => new PolicyStrategy("least-load"),
        ["nearest"] = () => new PolicyStrategy("nearest"),
        ["expected-completion"] = () => new PolicyStrategy("expected-completion"),
        ["power-of-two"] = () => new PolicyStrategy("power-of-two"),
        ["spill-over"] = () => new PolicyStrategy("spill-over"),
        ["affinity"] = () => new PolicyStrategy("affinity"),
        ["clairvoyant"] = () => new ClairvoyantStrategy(),
    };

    public static IEnumerable<string> Names => ByName.Keys;

    /// <exception cref="InvalidDataException">There is none of that name.</exception>
    public static IStrategy Make(string name) =>
        ByName.TryGetValue(name, out var make) ? make() : throw new InvalidDataException($"There is no strategy '{name}'; there are {string.Join(", ", Names)}.");
}
