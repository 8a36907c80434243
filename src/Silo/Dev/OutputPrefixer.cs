namespace Meridian.Silo.Dev;

/// <summary>Puts the name of a child before each line it writes, in a column and, on a terminal, in the child's own colour.</summary>
public sealed class OutputPrefixer
{
    private static readonly string[] Colours = ["\e[36m", "\e[33m", "\e[35m", "\e[32m", "\e[34m", "\e[91m"];

    private readonly string _prefix;

    /// <param name="name">Name of the child.</param>
    /// <param name="width">Width of the column, characters.</param>
    /// <param name="colour">Which colour, from 0; null for none.</param>
    public OutputPrefixer(string name, int width, int? colour)
    {
        var column = name.PadRight(width) + " | ";
        _prefix = colour is { } index ? $"{Colours[index % Colours.Length]}{column}\e[0m" : column;
    }

    public string Prefix(string line) => _prefix + line;

    /// <summary>Whether output is to be coloured: only on a terminal, and not where NO_COLOR (no-color.org) is set.</summary>
    public static bool WantsColour(bool redirected, string? noColor) => !redirected && string.IsNullOrEmpty(noColor);
}
