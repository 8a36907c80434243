using System.Collections.Frozen;
using System.Globalization;
using System.Text;
using Mapping = System.Collections.Generic.OrderedDictionary<string, object?>;

namespace Meridian.Inference.Tokenization.Chat.Jinja;

/// <summary>Methods of Python's texts, mappings and lists.</summary>
internal static class Methods
{
    public static FrozenSet<string> Names { get; } = FrozenSet.ToFrozenSet(
        [
            "strip", "lstrip", "rstrip", "startswith", "endswith", "split", "rsplit", "splitlines", "upper", "lower", "title", "capitalize", "replace", "find", "rfind",
            "count", "join", "removeprefix", "removesuffix", "isdigit", "isspace", "isalpha", "isalnum", "isupper", "islower", "get", "items", "keys", "values", "index", "cycle",
        ],
        StringComparer.Ordinal);

    public static object? Call(object? target, string name, CallArguments arguments, Budget budget)
    {
        if (target is Undefined missing)
            throw new TemplateFailure($"'{missing.Name}' is undefined");
        return target switch
        {
            string text => OfText(budget.Text(text), name, arguments, budget),
            Mapping mapping => OfMapping(mapping, name, arguments, budget),
            object?[] items => OfList(items, name, arguments, budget),
            Loop loop when name == "cycle" && arguments.Positional.Length > 0 => arguments.Positional[loop.Index % arguments.Positional.Length],
            _ => throw None(target, name),
        };
    }

    /// <summary>Python's <c>str.strip</c>: white space, or the characters given, off one or both ends.</summary>
    public static string Strip(string text, object? characters, bool start, bool end, Budget budget)
    {
        if (characters is not (null or string))
            throw new TemplateFailure($"strip() takes a string, not {Values.Kind(characters)}");
        if (characters is string { Length: > 0 } sought)
            budget.Search(text, sought);
        var (from, to) = (0, text.Length);
        while (start && from < to && Goes(text[from]))
            from++;
        while (end && to > from && Goes(text[to - 1]))
            to--;
        return text[from..to];

        // Python also counts the information separators as white space.
        bool Goes(char unit) => characters is string set
            ? set.Contains(unit, StringComparison.Ordinal)
            : char.IsWhiteSpace(unit) || unit is >= '\u001c' and <= '\u001f';
    }

    public static string Replace(string text, string from, string to, long count, Budget budget)
    {
        budget.Search(text, from);
        if (from.Length > 0 && count < 0)
        {
            // How long it gets is known before it is made.
            long found = 0;
            for (var at = text.IndexOf(from, StringComparison.Ordinal); at >= 0; at = text.IndexOf(from, at + from.Length, StringComparison.Ordinal))
                found++;
            budget.Characters(text.Length + (found * Math.Max(0, to.Length - from.Length)));
            return text.Replace(from, to, StringComparison.Ordinal);
        }

        var replaced = new StringBuilder();
        var copied = 0;
        for (var at = text.IndexOf(from, StringComparison.Ordinal); at >= 0 && count != 0; count--)
        {
            replaced.Append(text, copied, at - copied).Append(to);
            budget.Characters(replaced.Length);
            budget.Step();
            copied = at + from.Length;
            if (from.Length > 0)
            {
                at = text.IndexOf(from, copied, StringComparison.Ordinal);
            }
            else
            {
                if (at == text.Length)
                    break;
                at += char.IsHighSurrogate(text[at]) && at + 1 < text.Length ? 2 : 1;
            }
        }

        return replaced.Append(text, copied, text.Length - copied).ToString();
    }

    public static string Title(string text)
    {
        var title = new StringBuilder(text.Length);
        var inWord = false;
        foreach (var rune in text.EnumerateRunes())
        {
            var isLetter = Rune.IsLetter(rune);
            title.Append(!isLetter ? rune : inWord ? Rune.ToLowerInvariant(rune) : Rune.ToUpperInvariant(rune));
            inWord = isLetter;
        }

        return title.ToString();
    }

    public static string Capitalize(string text)
    {
        if (text.Length == 0)
            return text;
        var first = char.IsHighSurrogate(text[0]) && text.Length > 1 ? 2 : 1;
        return string.Concat(text[..first].ToUpperInvariant(), text[first..].ToLowerInvariant());
    }

    private static object? OfText(string text, string name, CallArguments arguments, Budget budget)
    {
        switch (name)
        {
            case "strip" or "lstrip" or "rstrip":
                arguments.Check(name, 0, "chars");
                return Strip(text, arguments.Get(0, "chars", null), start: name != "rstrip", end: name != "lstrip", budget);
            case "startswith" or "endswith":
                arguments.Check(name, 1, "prefix");
                foreach (var affix in arguments.Positional is [object?[] several] ? several : arguments.Positional)
                {
                    if (affix is not string part)
                        throw new TemplateFailure($"'{name}' takes a string, not {Values.Kind(affix)}");
                    budget.Step();
                    budget.Characters(Math.Min(text.Length, part.Length));
                    if (name == "startswith" ? text.StartsWith(part, StringComparison.Ordinal) : text.EndsWith(part, StringComparison.Ordinal))
                        return true;
                }

                return false;
            case "split" or "rsplit":
                arguments.Check(name, 0, "sep", "maxsplit");
                return Split(text, arguments.Get(0, "sep", null), arguments.Integer(1, "maxsplit", -1), fromEnd: name == "rsplit", budget);
            case "splitlines":
                arguments.Check(name, 0);
                return SplitLines(text, budget);
            case "upper":
                arguments.Check(name, 0);
                return text.ToUpperInvariant();
            case "lower":
                arguments.Check(name, 0);
                return text.ToLowerInvariant();
            case "title":
                arguments.Check(name, 0);
                return Title(text);
            case "capitalize":
                arguments.Check(name, 0);
                return Capitalize(text);
            case "replace":
                arguments.Check(name, 2, "old", "new", "count");
                return Replace(text, arguments.Text(0, "old", ""), arguments.Text(1, "new", ""), arguments.Integer(2, "count", -1), budget);
            case "find" or "rfind":
                arguments.Check(name, 1, "sub");
                var sub = arguments.Text(0, "sub", "");
                budget.Search(text, sub);
                var at = name == "find" ? text.IndexOf(sub, StringComparison.Ordinal) : text.LastIndexOf(sub, StringComparison.Ordinal);
                return at < 0 ? -1L : Values.Length(text[..at], budget);
            case "count":
                arguments.Check(name, 1, "sub");
                var part2 = arguments.Text(0, "sub", "");
                if (part2.Length == 0)
                    return Values.Length(text, budget) + 1;
                return (long)budget.Search(text, part2).AsSpan().Count(part2);
            case "join":
                arguments.Check(name, 1, "iterable");
                return Join(text, Values.Elements(arguments.Positional[0], budget), budget, strict: true);
            case "removeprefix":
                arguments.Check(name, 1, "prefix");
                return text.StartsWith(arguments.Text(0, "prefix", ""), StringComparison.Ordinal) ? text[arguments.Text(0, "prefix", "").Length..] : text;
            case "removesuffix":
                arguments.Check(name, 1, "suffix");
                return text.EndsWith(arguments.Text(0, "suffix", ""), StringComparison.Ordinal) ? text[..^arguments.Text(0, "suffix", "").Length] : text;
            case "isdigit":
                return All(text, Rune.IsDigit);
            case "isspace":
                return All(text, Rune.IsWhiteSpace);
            case "isalpha":
                return All(text, Rune.IsLetter);
            case "isalnum":
                return All(text, Rune.IsLetterOrDigit);
            case "isupper":
                return text.EnumerateRunes().Any(Rune.IsUpper) && !text.EnumerateRunes().Any(Rune.IsLower);
            case "islower":
                return text.EnumerateRunes().Any(Rune.IsLower) && !text.EnumerateRunes().Any(Rune.IsUpper);
            default:
                throw None(text, name);
        }
    }

    public static string Join(string separator, object?[] items, Budget budget, bool strict)
    {
        var joined = new StringBuilder();
        for (var i = 0; i < items.Length; i++)
        {
            if (strict && items[i] is not string)
                throw new TemplateFailure($"join() finds {Values.Kind(items[i])} among its strings");
            budget.Step();
            var text = Values.Text(items[i], budget);
            budget.Adds(joined, (long)separator.Length + text.Length);
            if (i > 0)
                joined.Append(separator);
            joined.Append(text);
        }

        return joined.ToString();
    }

    private static object OfMapping(Mapping mapping, string name, CallArguments arguments, Budget budget)
    {
        budget.Step(name is "keys" or "values" ? mapping.Count : 1);
        switch (name)
        {
            case "get":
                arguments.Check(name, 1, "key", "default");
                return (arguments.Get(0, "key", null) is string key && mapping.TryGetValue(budget.Text(key), out var value) ? value : arguments.Get(1, "default", null))!;
            case "items":
                arguments.Check(name, 0);
                return Pairs(mapping, budget);
            case "keys":
                arguments.Check(name, 0);
                return mapping.Keys.ToArray<object?>();
            case "values":
                arguments.Check(name, 0);
                return mapping.Values.ToArray();
            default:
                throw None(mapping, name);
        }
    }

    public static object?[] Pairs(Mapping mapping, Budget budget)
    {
        budget.Step(mapping.Count);
        var pairs = new object?[mapping.Count];
        for (var i = 0; i < pairs.Length; i++)
            pairs[i] = new object?[] { mapping.GetAt(i).Key, mapping.GetAt(i).Value };
        return pairs;
    }

    private static object OfList(object?[] items, string name, CallArguments arguments, Budget budget)
    {
        if (name is not ("index" or "count"))
            throw None(items, name);
        arguments.Check(name, 1, "value");
        long count = 0;
        for (var i = 0; i < items.Length; i++)
        {
            if (!Values.AreEqual(items[i], arguments.Get(0, "value", null), budget))
                continue;
            if (name == "index")
                return (long)i;
            count++;
        }

        return name == "count" ? count : throw new TemplateFailure("index() does not find the value in the list");
    }

    private static object?[] Split(string text, object? separator, long most, bool fromEnd, Budget budget)
    {
        var parts = new List<object?>();
        if (separator is null)
        {
            // Words; what is left after the most splits keeps its white space at the far end.
            var words = Words(text, budget);
            if (most >= 0 && words.Count > most)
            {
                var rest = fromEnd ? text[..words[(int)(words.Count - 1 - most)].End] : text[words[(int)most].Start..];
                var whole = fromEnd ? words[(int)(words.Count - most)..] : words[..(int)most];
                parts.AddRange(whole.Select(w => text[w.Start..w.End]));
                parts.Insert(fromEnd ? 0 : parts.Count, rest);
                return [.. parts];
            }

            return [.. words.Select(w => text[w.Start..w.End])];
        }

        if (separator is not string { Length: > 0 } sign)
            throw new TemplateFailure($"split() takes a string that is not empty, not {Values.Kind(separator)}");
        budget.Search(text, sign);
        if (fromEnd)
        {
            var end = text.Length;
            for (var at = text.LastIndexOf(sign, StringComparison.Ordinal); at >= 0 && most != parts.Count; at = at < sign.Length ? -1 : text.LastIndexOf(sign, at - 1, at, StringComparison.Ordinal))
            {
                budget.Step();
                parts.Add(text[(at + sign.Length)..end]);
                end = at;
            }

            parts.Add(text[..end]);
            parts.Reverse();
            return [.. parts];
        }

        var begin = 0;
        for (var at = text.IndexOf(sign, StringComparison.Ordinal); at >= 0 && most != parts.Count; at = text.IndexOf(sign, begin, StringComparison.Ordinal))
        {
            budget.Step();
            parts.Add(text[begin..at]);
            begin = at + sign.Length;
        }

        parts.Add(text[begin..]);
        return [.. parts];
    }

    private static List<(int Start, int End)> Words(string text, Budget budget)
    {
        var words = new List<(int, int)>();
        for (var at = 0; at < text.Length; at++)
        {
            if (char.IsWhiteSpace(text[at]))
                continue;
            var start = at;
            while (at < text.Length && !char.IsWhiteSpace(text[at]))
                at++;
            budget.Step();
            words.Add((start, at));
        }

        return words;
    }

    private static object?[] SplitLines(string text, Budget budget)
    {
        var lines = new List<object?>();
        foreach (var line in text.EnumerateLines())
        {
            budget.Step();
            lines.Add(line.ToString());
        }

        // What follows the last line end is a line only if it is not empty.
        if (lines is [.., ""])
            lines.RemoveAt(lines.Count - 1);
        return [.. lines];
    }

    private static bool All(string text, Func<Rune, bool> holds) => text.Length > 0 && text.EnumerateRunes().All(holds);

    private static TemplateFailure None(object? target, string name) => new(string.Create(CultureInfo.InvariantCulture, $"{Values.Kind(target)} has no method '{name}'"));
}
