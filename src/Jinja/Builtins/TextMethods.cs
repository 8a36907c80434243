using System.Text;
using Meridian.Jinja.Objects;
using Meridian.Jinja.Texts;

namespace Meridian.Jinja.Builtins;

/// <summary>Methods of Python's <c>str</c>.</summary>
internal static class TextMethods
{
    public static object? Call(TrackedText text, string name, CallArguments arguments, Budget budget)
    {
        switch (name)
        {
            case "strip" or "lstrip" or "rstrip":
                arguments.Check(name, 0, "chars");
                return Strip(text, arguments.Get(0, "chars", null), start: name != "rstrip", end: name != "lstrip", budget);
            case "startswith" or "endswith":
                arguments.Check(name, 1, "prefix");
                return HasAffix(text, name, arguments.Positional is [object?[] several] ? several : arguments.Positional, budget);
            case "split" or "rsplit":
                arguments.Check(name, 0, "sep", "maxsplit");
                return TextSplits.Split(text, arguments.Get(0, "sep", null), arguments.Integer(1, "maxsplit", -1), fromEnd: name == "rsplit", budget);
            case "splitlines":
                arguments.Check(name, 0);
                return TextSplits.Lines(text, budget);
            case "partition" or "rpartition":
                arguments.Check(name, 1, "sep");
                return TextSplits.Partition(text, arguments.Text(0, "sep"), fromEnd: name == "rpartition", budget);
            case "upper":
                arguments.Check(name, 0);
                return text.ToUpper();
            case "lower":
                arguments.Check(name, 0);
                return text.ToLower();
            case "title":
                arguments.Check(name, 0);
                return Title(text);
            case "capitalize":
                arguments.Check(name, 0);
                return Capitalize(text);
            case "replace":
                arguments.Check(name, 2, "old", "new", "count");
                return Replace(text, arguments.Text(0, "old"), arguments.Text(1, "new"), arguments.Integer(2, "count", -1), budget);
            case "find" or "rfind" or "index" or "rindex":
                arguments.Check(name, 1, "sub");
                var at = Find(text, arguments.Text(0, "sub"), fromEnd: name[0] == 'r', budget);
                return at >= 0 || name.EndsWith("find", StringComparison.Ordinal) ? at : throw new TemplateFailure($"{name}() does not find the text");
            case "count":
                arguments.Check(name, 1, "sub");
                var part = arguments.Text(0, "sub");
                return part.Length == 0 ? Sequences.Length(text, budget) + 1 : (long)budget.Search(text, part).Value.AsSpan().Count(part.Value);
            case "join":
                arguments.Check(name, 1, "iterable");
                return Join(text, Sequences.Elements(arguments.Get(0, "iterable", null), budget), budget, strict: true);
            case "removeprefix":
                arguments.Check(name, 1, "prefix");
                return text.Value.StartsWith(arguments.Text(0, "prefix").Value, StringComparison.Ordinal) ? text[arguments.Text(0, "prefix").Length..] : text;
            case "removesuffix":
                arguments.Check(name, 1, "suffix");
                return text.Value.EndsWith(arguments.Text(0, "suffix").Value, StringComparison.Ordinal) ? text[..^arguments.Text(0, "suffix").Length] : text;
            case "format":
                return TextFormat.Format(text, arguments, budget);
            case "ljust" or "rjust" or "center" or "zfill":
                return Widen(text, name, arguments, budget);
            default:
                arguments.Check(name, 0);
                return Is(text.Value, name) ?? throw Methods.None(text, name);
        }
    }

    /// <summary>Python's <c>str.strip</c>: removes white space, or the given characters, from one or both ends.</summary>
    public static TrackedText Strip(TrackedText text, object? characters, bool start, bool end, Budget budget)
    {
        if (characters is not (null or TrackedText))
            throw new TemplateFailure($"strip() takes a string, not {Values.Kind(characters)}");
        if (characters is TrackedText { Length: > 0 } sought)
            budget.Search(text, sought);
        var (from, to) = (0, text.Length);
        while (start && from < to && Goes(text.Value[from]))
            from++;
        while (end && to > from && Goes(text.Value[to - 1]))
            to--;
        return text[from..to];

        bool Goes(char unit) => characters is TrackedText set ? set.Value.Contains(unit, StringComparison.Ordinal) : IsSpace(unit);
    }

    /// <summary>White space as Python defines it, which includes the information separators.</summary>
    public static bool IsSpace(char unit) => char.IsWhiteSpace(unit) || unit is >= '\u001c' and <= '\u001f';

    public static TrackedText Replace(TrackedText text, TrackedText from, TrackedText to, long count, Budget budget)
    {
        budget.Search(text, from);
        var replaced = new TrackedBuilder();
        var copied = 0;
        for (var at = text.Value.IndexOf(from.Value, StringComparison.Ordinal); at >= 0 && count != 0; count--)
        {
            budget.Step();
            budget.Adds(replaced.Length, (long)at - copied + to.Length);
            replaced.Append(text, copied, at - copied).Append(to);
            copied = at + from.Length;
            if (from.Length > 0)
            {
                at = text.Value.IndexOf(from.Value, copied, StringComparison.Ordinal);
            }
            else
            {
                if (at == text.Length)
                    break;
                at += Sequences.Width(text.Value, at);
            }
        }

        return copied == 0 && replaced.Length == 0 ? text : replaced.Append(text, copied, text.Length - copied).Build();
    }

    public static TrackedText Title(TrackedText text)
    {
        var title = new StringBuilder(text.Length);
        var inWord = false;
        foreach (var rune in text.Value.EnumerateRunes())
        {
            var isLetter = Rune.IsLetter(rune);
            title.Append(!isLetter ? rune : inWord ? Rune.ToLowerInvariant(rune) : Rune.ToUpperInvariant(rune));
            inWord = isLetter;
        }

        return text.As(title.ToString());
    }

    public static TrackedText Capitalize(TrackedText text)
    {
        if (text.Length == 0)
            return text;
        var first = Sequences.Width(text.Value, 0);
        return text.As(string.Concat(text.Value[..first].ToUpperInvariant(), text.Value[first..].ToLowerInvariant()));
    }

    public static TrackedText Join(TrackedText separator, object?[] items, Budget budget, bool strict)
    {
        var joined = new TrackedBuilder();
        for (var i = 0; i < items.Length; i++)
        {
            if (strict && items[i] is not TrackedText)
                throw new TemplateFailure($"join() finds {Values.Kind(items[i])} among its strings");
            budget.Step();
            var text = Values.Text(items[i], budget);
            budget.Adds(joined.Length, (long)separator.Length + text.Length);
            if (i > 0)
                joined.Append(separator);
            joined.Append(text);
        }

        return joined.Build();
    }

    private static bool HasAffix(TrackedText text, string name, object?[] affixes, Budget budget)
    {
        foreach (var affix in affixes)
        {
            if (affix is not TrackedText { Value: var part })
                throw new TemplateFailure($"'{name}' takes a string, not {Values.Kind(affix)}");
            budget.Step();
            budget.Characters(Math.Min(text.Length, part.Length));
            if (name == "startswith" ? text.Value.StartsWith(part, StringComparison.Ordinal) : text.Value.EndsWith(part, StringComparison.Ordinal))
                return true;
        }

        return false;
    }

    private static long Find(TrackedText text, TrackedText part, bool fromEnd, Budget budget)
    {
        budget.Search(text, part);
        var at = fromEnd ? text.Value.LastIndexOf(part.Value, StringComparison.Ordinal) : text.Value.IndexOf(part.Value, StringComparison.Ordinal);
        return at < 0 ? -1 : Sequences.Characters(text.Value.AsSpan(0, at), budget);
    }

    private static TrackedText Widen(TrackedText text, string name, CallArguments arguments, Budget budget)
    {
        arguments.Check(name, 1, name == "zfill" ? ["width"] : ["width", "fillchar"]);
        var fill = name == "zfill" ? TrackedText.OfTemplate("0") : arguments.Get(1, "fillchar", TrackedText.OfTemplate(" ")) as TrackedText;
        if (fill is null || Sequences.Length(fill, budget) != 1)
            throw new TemplateFailure($"{name}() fills with one character");

        // Every width above the largest text is refused in the same way, so the width is clamped. That avoids an overflow of sums.
        var width = Math.Clamp(arguments.Integer(0, "width", 0), 0, (long)Budget.Largest + 1);
        var missing = width - Sequences.Length(text, budget);
        if (missing <= 0)
            return text;
        budget.Characters(text.Length + missing);

        // If the number of missing characters is odd, Python's center() puts the extra one on the left if the width is odd.
        var left = name switch { "ljust" => 0, "center" => (missing / 2) + (missing & width & 1), _ => missing };
        var sign = name == "zfill" && text.Value[..Math.Min(1, text.Length)] is "-" or "+" ? 1 : 0;
        var widened = new TrackedBuilder().Append(text, 0, sign);
        for (long i = 0; i < left; i++) widened.Append(fill);
        widened.Append(text, sign, text.Length - sign);
        for (var i = left; i < missing; i++) widened.Append(fill);
        return widened.Build();
    }

    private static bool? Is(string text, string name) => name switch
    {
        "isdigit" => All(text, Rune.IsDigit),
        "isspace" => All(text, Rune.IsWhiteSpace),
        "isalpha" => All(text, Rune.IsLetter),
        "isalnum" => All(text, Rune.IsLetterOrDigit),
        "isupper" => text.EnumerateRunes().Any(Rune.IsUpper) && !text.EnumerateRunes().Any(Rune.IsLower),
        "islower" => text.EnumerateRunes().Any(Rune.IsLower) && !text.EnumerateRunes().Any(Rune.IsUpper),
        "isascii" => Ascii.IsValid(text),
        _ => null,
    };

    private static bool All(string text, Func<Rune, bool> holds) => text.Length > 0 && text.EnumerateRunes().All(holds);
}
