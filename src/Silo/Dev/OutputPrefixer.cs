namespace Meridian.Silo.Dev;

/// <summary>Puts the name of a child before each line of its output, in a column of fixed width. On a terminal, each child has its own colour.</summary>
public sealed class OutputPrefixer
{
    private static readonly string[] Colours = ["\e[36m", "\e[33m", "\e[35m", "\e[32m", "\e[34m", "\e[91m"];

    private readonly string _prefix;

    /// <param name="name">Name of the child.</param>
    /// <param name="width">Width of the column in characters.</param>
    /// <param name="colour">Index of the colour, from 0; null for no colour.</param>
    public OutputPrefixer(string name, int width, int? colour)
    {
        var column = name.PadRight(width) + " | ";
        _prefix = colour is { } index ? $"{Colours[index % Colours.Length]}{column}\e[0m" : column;
    }

    public string Prefix(string line) => _prefix + line;

    /// <summary>Whether to use colours: only on a terminal, and only if NO_COLOR (no-color.org) is not set.</summary>
    public static bool WantsColour(bool redirected, string? noColor) => !redirected && string.IsNullOrEmpty(noColor);
}
