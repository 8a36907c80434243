namespace Meridian.Silo.Configuration.Reading;

/// <summary>All wrong settings of a start, each with its path, its value and the rule it breaks.</summary>
public sealed class MistakesException(IReadOnlyList<string> mistakes)
    : Exception($"{(mistakes.Count == 1 ? "1 setting is wrong" : $"{mistakes.Count} settings are wrong")}:{string.Concat(mistakes.Select(m => $"\n  - {m}"))}")
{
    public IReadOnlyList<string> Mistakes { get; } = mistakes;
}
