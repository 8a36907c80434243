using System.CommandLine;
using System.CommandLine.Parsing;

namespace Meridian.CommandLine;

/// <summary>Describes the mistakes of a command line in the user's words: without type names, and with the name that the user probably meant.</summary>
internal static class ParseMistakes
{
    /// <summary>One line per mistake.</summary>
    public static IEnumerable<string> InWords(ParseResult parsed) => parsed.Errors.Select(mistake => InWords(mistake, parsed)).Distinct(StringComparer.Ordinal);

    /// <summary>The name in <paramref name="names"/> of which <paramref name="typed"/> is probably a misspelling, or null.</summary>
    public static string? Closest(string typed, IEnumerable<string> names)
    {
        var (best, least) = ((string?)null, Math.Max(1, typed.TrimStart('-').Length / 3) + 1);
        foreach (var name in names)
        {
            var distance = Distance(typed, name);
            if (distance < least) (best, least) = (name, distance);
        }

        return best;
    }

    private static string InWords(ParseError mistake, ParseResult parsed)
    {
        if (mistake.SymbolResult is OptionResult { Option: var option, Tokens: [.., var token] } && mistake.Message.Contains(token.Value, StringComparison.Ordinal) && Expected(option.ValueType) is { } expected)
        {
            return $"{option.Name} '{token.Value}': must be {expected}.";
        }

        var typed = parsed.UnmatchedTokens.FirstOrDefault(token => mistake.Message.Contains($"'{token}'", StringComparison.Ordinal));
        if (typed is null) return mistake.Message;
        if (Closest(typed.Split('=')[0], Names(parsed.CommandResult)) is { } meant) return $"{mistake.Message} Did you mean '{meant}'?";
        return SwitchBefore(typed, parsed) is { } name ? $"{name} '{typed}': must be {Expected(typeof(bool))}." : mistake.Message;
    }

    /// <summary>The option without a value that <paramref name="typed"/> follows, or null. The parser reads a value that such an option does not take as an argument of the command.</summary>
    private static string? SwitchBefore(string typed, ParseResult parsed)
    {
        var tokens = parsed.Tokens;
        for (var i = 1; i < tokens.Count; i++)
        {
            if (tokens[i].Value != typed || tokens[i - 1].Type != TokenType.Option) continue;
            return parsed.GetResult(tokens[i - 1].Value) is OptionResult { Option: var option } && option.ValueType == typeof(bool) ? option.Name : null;
        }

        return null;
    }

    private static string? Expected(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        return type == typeof(int) || type == typeof(long) || type == typeof(ulong) || type == typeof(uint) ? "a whole number"
            : type == typeof(double) || type == typeof(float) ? "a number such as 0.5"
            : type == typeof(bool) ? "true or false"
            : type.IsEnum ? $"one of {string.Join(", ", Enum.GetNames(type))}"
            : null;
    }

    /// <summary>What could stand there: the command's own commands and options, and the options of the commands above that hold for all below.</summary>
    private static IEnumerable<string> Names(CommandResult result)
    {
        var own = result.Command.Subcommands.Select(static command => command.Name).Concat(result.Command.Options.Where(static option => !option.Hidden).Select(static option => option.Name));
        for (var above = result.Parent as CommandResult; above is not null; above = above.Parent as CommandResult)
        {
            own = own.Concat(above.Command.Options.Where(static option => option.Recursive).Select(static option => option.Name));
        }

        return own;
    }

    /// <summary>Levenshtein's distance, with swapped neighbours as one change.</summary>
    private static int Distance(string from, string to)
    {
        var rows = new int[from.Length + 1, to.Length + 1];
        for (var i = 0; i <= from.Length; i++) rows[i, 0] = i;
        for (var j = 0; j <= to.Length; j++) rows[0, j] = j;
        for (var i = 1; i <= from.Length; i++)
        {
            for (var j = 1; j <= to.Length; j++)
            {
                var change = char.ToLowerInvariant(from[i - 1]) == char.ToLowerInvariant(to[j - 1]) ? 0 : 1;
                rows[i, j] = Math.Min(Math.Min(rows[i - 1, j], rows[i, j - 1]) + 1, rows[i - 1, j - 1] + change);
                if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1]) rows[i, j] = Math.Min(rows[i, j], rows[i - 2, j - 2] + 1);
            }
        }

        return rows[from.Length, to.Length];
    }
}
