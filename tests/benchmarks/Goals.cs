using System.Globalization;

namespace Meridian.Benchmarks;

/// <summary>The goals that docs/benchmarks.md states, beside what a run measured. A run that misses one ends with exit code 1.</summary>
public sealed class Goals
{
    private readonly List<(bool Met, string Line)> _judged = [];

    /// <summary>The figure must be so much or more.</summary>
    public void AtLeast(string what, double figure, double goal) => Judge(figure >= goal, what, figure, "at least", goal);

    /// <summary>The figure must be so much or less.</summary>
    public void AtMost(string what, double figure, double goal) => Judge(figure <= goal, what, figure, "at most", goal);

    /// <summary>Prints every goal as met or missed.</summary>
    /// <returns>The exit code: 0 where all are met.</returns>
    public int Report()
    {
        foreach (var (_, line) in _judged) Console.WriteLine(line);
        return _judged.TrueForAll(goal => goal.Met) ? 0 : 1;
    }

    // A figure that is no number has not been measured, and meets nothing.
    private void Judge(bool met, string what, double figure, string bound, double goal) =>
        _judged.Add((met, string.Create(CultureInfo.InvariantCulture, $"{(met ? "met   " : "MISSED")} {what}: {figure:0.###}, {bound} {goal:0.###} wanted")));
}
