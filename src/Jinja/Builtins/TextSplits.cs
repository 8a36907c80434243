using Meridian.Jinja.Objects;
using Meridian.Jinja.Texts;

namespace Meridian.Jinja.Builtins;

/// <summary>Python's methods that split a text.</summary>
internal static class TextSplits
{
    public static object?[] Split(TrackedText text, object? separator, long most, bool fromEnd, Budget budget)
    {
        if (separator is null)
            return SplitWords(text, most, fromEnd, budget);
        if (separator is not TrackedText { Length: > 0, Value: var sign } sought)
            throw new TemplateFailure($"split() takes a string that is not empty, not {Values.Kind(separator)}");
        budget.Search(text, sought);
        var parts = new List<object?>();
        if (fromEnd)
        {
            var end = text.Length;
            for (var at = text.Value.LastIndexOf(sign, StringComparison.Ordinal); at >= 0 && most != parts.Count; at = at < sign.Length ? -1 : text.Value.LastIndexOf(sign, at - 1, at, StringComparison.Ordinal))
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
        for (var at = text.Value.IndexOf(sign, StringComparison.Ordinal); at >= 0 && most != parts.Count; at = text.Value.IndexOf(sign, begin, StringComparison.Ordinal))
        {
            budget.Step();
            parts.Add(text[begin..at]);
            begin = at + sign.Length;
        }

        parts.Add(text[begin..]);
        return [.. parts];
    }

    public static object?[] Partition(TrackedText text, TrackedText separator, bool fromEnd, Budget budget)
    {
        if (separator.Length == 0)
            throw new TemplateFailure("partition() takes a string that is not empty");
        budget.Search(text, separator);
        var at = fromEnd ? text.Value.LastIndexOf(separator.Value, StringComparison.Ordinal) : text.Value.IndexOf(separator.Value, StringComparison.Ordinal);
        if (at < 0)
            return fromEnd ? [TrackedText.Empty, TrackedText.Empty, text] : [text, TrackedText.Empty, TrackedText.Empty];
        return [text[..at], separator, text[(at + separator.Length)..]];
    }

    public static object?[] Lines(TrackedText text, Budget budget)
    {
        var lines = new List<object?>();
        var begin = 0;
        for (var at = 0; at < text.Length; at++)
        {
            if (text.Value[at] is not ('\n' or '\r' or '\v' or '\f' or '\u001c' or '\u001d' or '\u001e' or '\u0085' or '\u2028' or '\u2029'))
                continue;
            budget.Step();
            lines.Add(text[begin..at]);
            if (text.Value[at] == '\r' && at + 1 < text.Length && text.Value[at + 1] == '\n')
                at++;
            begin = at + 1;
        }

        // The text after the last line end is a line only if it is not empty.
        if (begin < text.Length)
            lines.Add(text[begin..]);
        return [.. lines];
    }

    private static object?[] SplitWords(TrackedText text, long most, bool fromEnd, Budget budget)
    {
        var words = Words(text.Value, budget);
        if (most < 0 || words.Count <= most)
            return [.. words.Select(w => text[w.Start..w.End])];

        // When the maximum number of splits is reached, the rest keeps the white space at its far end.
        if (fromEnd)
            return [text[..words[(int)(words.Count - 1 - most)].End], .. words[(int)(words.Count - most)..].Select(w => text[w.Start..w.End])];
        return [.. words[..(int)most].Select(w => text[w.Start..w.End]), text[words[(int)most].Start..]];
    }

    private static List<(int Start, int End)> Words(string text, Budget budget)
    {
        var words = new List<(int, int)>();
        for (var at = 0; at < text.Length; at++)
        {
            if (TextMethods.IsSpace(text[at]))
                continue;
            var start = at;
            while (at < text.Length && !TextMethods.IsSpace(text[at]))
                at++;
            budget.Step();
            words.Add((start, at));
        }

        return words;
    }
}
