using System.Globalization;
using System.Text;
using Mapping = System.Collections.Generic.OrderedDictionary<string, object?>;

namespace Meridian.Inference.Tokenization.Chat.Jinja;

/// <summary>
/// Python's meaning of values. There are: null (none), <see cref="bool"/>, <see cref="long"/>, <see cref="double"/>, <see cref="string"/>, arrays (lists and
/// tuples), ordered dictionaries with text as keys, <see cref="Namespace"/>, <see cref="Undefined"/>, macros and functions.
/// </summary>
internal static class Values
{
    public static bool IsTrue(object? value) => value switch
    {
        null or Undefined => false,
        bool flag => flag,
        long number => number != 0,
        double number => number != 0,
        string text => text.Length > 0,
        object?[] items => items.Length > 0,
        Mapping mapping => mapping.Count > 0,
        _ => true,
    };

    /// <summary>The text that <c>{{ value }}</c> writes.</summary>
    public static string Text(object? value, Budget budget)
    {
        switch (value)
        {
            case string text:
                return text;
            case null:
                return "None";
            case Undefined:
                return "";
            case bool flag:
                return flag ? "True" : "False";
            case long number:
                return number.ToString(CultureInfo.InvariantCulture);
            case double number:
                return Float(number);
            default:
                var written = new StringBuilder();
                Write(written, value, budget);
                return written.ToString();
        }
    }

    public static bool AreEqual(object? left, object? right, Budget budget)
    {
        budget.Step();
        Budget.Deep();
        switch (left, right)
        {
            case (string a, string b):
                budget.Characters(Math.Min(a.Length, b.Length));
                return a == b;
            case (null, null) or (Undefined, Undefined):
                return true;
            case (object?[] a, object?[] b):
                if (a.Length != b.Length)
                    return false;
                for (var i = 0; i < a.Length; i++)
                {
                    if (!AreEqual(a[i], b[i], budget))
                        return false;
                }

                return true;
            case (Mapping a, Mapping b):
                if (a.Count != b.Count)
                    return false;
                foreach (var (key, value) in a)
                {
                    if (!b.TryGetValue(budget.Text(key), out var other) || !AreEqual(value, other, budget))
                        return false;
                }

                return true;
            default:
                return TryNumber(left, out var x) && TryNumber(right, out var y) ? x == y : ReferenceEquals(left, right);
        }
    }

    /// <exception cref="TemplateFailure">They have no order.</exception>
    public static int Compare(object? left, object? right, Budget budget)
    {
        budget.Step();
        if (left is string a && right is string b)
        {
            budget.Characters(Math.Min(a.Length, b.Length));
            return string.CompareOrdinal(a, b);
        }

        if (left is long m && right is long n)
            return m.CompareTo(n);
        if (TryNumber(left, out var x) && TryNumber(right, out var y))
            return x.CompareTo(y);
        throw new TemplateFailure($"{Kind(left)} and {Kind(right)} cannot be compared");
    }

    public static bool Contains(object? container, object? value, Budget budget)
    {
        switch (container)
        {
            case string text when value is string part:
                return budget.Search(text, part).Contains(part, StringComparison.Ordinal);
            case Mapping mapping:
                return value is string key && mapping.ContainsKey(budget.Text(key));
            case object?[] items:
                foreach (var item in items)
                {
                    if (AreEqual(item, value, budget))
                        return true;
                }

                return false;
            case Undefined:
                return false;
            default:
                throw new TemplateFailure($"'in' looks for {Kind(value)} in {Kind(container)}");
        }
    }

    /// <summary>Elements of a list, characters of a text, keys of a mapping.</summary>
    public static object?[] Elements(object? value, Budget budget)
    {
        switch (value)
        {
            case object?[] items:
                return items;
            case Mapping mapping:
                budget.Step(mapping.Count);
                return [.. mapping.Keys];
            case string text:
                budget.Step(text.Length);
                var characters = new List<object?>(text.Length);
                foreach (var rune in text.EnumerateRunes())
                    characters.Add(rune.ToString());
                return [.. characters];
            case Undefined:
                return [];
            default:
                throw new TemplateFailure($"{Kind(value)} is no list");
        }
    }

    public static long Length(object? value, Budget budget) => value switch
    {
        string text => Characters(text, budget),
        object?[] items => items.Length,
        Mapping mapping => mapping.Count,
        Undefined => 0,
        _ => throw new TemplateFailure($"{Kind(value)} has no length"),
    };

    public static object? Item(object? target, object? index, Budget budget)
    {
        switch (target, index)
        {
            case (Mapping mapping, string key):
                return mapping.TryGetValue(budget.Text(key), out var value) ? value : new Undefined($"['{key}']");
            case (Namespace names, string key):
                return names.Members.TryGetValue(budget.Text(key), out var member) ? member : new Undefined(key);
            case (object?[] items, long at):
                at += at < 0 ? items.Length : 0;
                return at >= 0 && at < items.Length ? items[at] : new Undefined($"[{index}]");
            case (string text, long at):
                if (budget.Text(text).AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF') >= 0)
                    return Item(Elements(text, budget), index, budget);
                at += at < 0 ? text.Length : 0;
                return at >= 0 && at < text.Length ? text[(int)at].ToString() : new Undefined($"[{index}]");
            case (Undefined missing, _):
                throw new TemplateFailure($"'{missing.Name}' is undefined");
            case (null, _):
                throw new TemplateFailure($"none has no element {Shown(index)}");
            default:
                return new Undefined($"[{Shown(index)}]");
        }
    }

    public static object? Slice(object? target, object? start, object? stop, object? step, Budget budget)
    {
        if (target is string text)
        {
            // Characters are code points, as in Python.
            if (budget.Text(text).AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF') >= 0)
                return budget.Text(string.Concat(((object?[])Slice(Elements(text, budget), start, stop, step, budget)!).Cast<string>()));
            var picked = new StringBuilder();
            foreach (var at in Indices(text.Length, start, stop, step))
                picked.Append(text[at]);
            return budget.Text(picked.ToString());
        }

        if (target is not object?[] items)
            throw new TemplateFailure(target is Undefined missing ? $"'{missing.Name}' is undefined" : $"{Kind(target)} has no slices");
        var parts = new List<object?>();
        foreach (var at in Indices(items.Length, start, stop, step))
        {
            budget.Step();
            parts.Add(items[at]);
        }

        return parts.ToArray();
    }

    public static bool TryNumber(object? value, out double number)
    {
        number = value switch { long whole => whole, double real => real, bool flag => flag ? 1 : 0, _ => double.NaN };
        return value is long or double or bool;
    }

    /// <exception cref="TemplateFailure">The value is no whole number.</exception>
    public static long Integer(object? value) => value switch
    {
        long number => number,
        bool flag => flag ? 1 : 0,
        _ => throw new TemplateFailure($"{Kind(value)} stands where a whole number is expected"),
    };

    /// <summary>What a value is, for error messages.</summary>
    public static string Kind(object? value) => value switch
    {
        null => "none",
        Undefined missing => $"the undefined '{missing.Name}'",
        bool => "a boolean",
        long => "an integer",
        double => "a float",
        string => "a string",
        object?[] => "a list",
        Mapping => "a mapping",
        Namespace => "a namespace",
        _ => "a function",
    };

    // repr() of Python for the insides of lists and mappings.
    private static void Write(StringBuilder written, object? value, Budget budget)
    {
        budget.Step();
        Budget.Deep();
        switch (value)
        {
            case string text:
                Quote(written, text, budget);
                break;
            case object?[] items:
                written.Append('[');
                for (var i = 0; i < items.Length; i++)
                {
                    written.Append(i > 0 ? ", " : "");
                    Write(written, items[i], budget);
                }

                written.Append(']');
                break;
            case Mapping mapping:
                written.Append('{');
                var first = true;
                foreach (var (key, member) in mapping)
                {
                    written.Append(first ? "" : ", ");
                    first = false;
                    Quote(written, key, budget);
                    written.Append(": ");
                    Write(written, member, budget);
                }

                written.Append('}');
                break;
            case MacroValue or FunctionValue or Namespace or Loop:
                throw new TemplateFailure($"{Kind(value)} has no text");
            default:
                written.Append(Text(value, budget));
                break;
        }
    }

    private static void Quote(StringBuilder written, string text, Budget budget)
    {
        budget.Adds(written, text.Length);
        var quote = text.Contains('\'', StringComparison.Ordinal) && !text.Contains('"', StringComparison.Ordinal) ? '"' : '\'';
        written.Append(quote);
        foreach (var character in text)
        {
            _ = character switch
            {
                '\n' => written.Append("\\n"),
                '\r' => written.Append("\\r"),
                '\t' => written.Append("\\t"),
                '\\' => written.Append("\\\\"),
                '\'' when quote == '\'' => written.Append("\\'"),
                < ' ' or '\x7f' => written.Append(CultureInfo.InvariantCulture, $"\\x{(int)character:x2}"),
                _ => written.Append(character),
            };
        }

        written.Append(quote);
    }

    internal static string Float(double number)
    {
        if (double.IsNaN(number))
            return "nan";
        if (double.IsInfinity(number))
            return number > 0 ? "inf" : "-inf";
        var shortest = number.ToString("R", CultureInfo.InvariantCulture);
        if (Math.Abs(number) is >= 1e16 or (< 1e-4 and > 0))
            return shortest.Contains('E', StringComparison.Ordinal) ? shortest.Replace('E', 'e') : number.ToString("0.################e+00", CultureInfo.InvariantCulture);
        if (shortest.Contains('E', StringComparison.Ordinal))
            shortest = ((decimal)number).ToString(CultureInfo.InvariantCulture);
        return shortest.Contains('.', StringComparison.Ordinal) ? shortest : shortest + ".0";
    }

    private static long Characters(string text, Budget budget)
    {
        budget.Characters(text.Length);
        long count = text.Length;
        foreach (var unit in text)
            count -= char.IsLowSurrogate(unit) ? 1 : 0;
        return count;
    }

    private static string Shown(object? index) => index is string text ? $"'{text}'" : index?.ToString() ?? "none";

    // PySlice_AdjustIndices.
    private static IEnumerable<int> Indices(int length, object? start, object? stop, object? step)
    {
        var by = step is null or Undefined ? 1 : Integer(step);
        if (by == 0)
            throw new TemplateFailure("a slice has step 0");

        // One step past either end is as good as any longer one, and does not overflow.
        by = Math.Clamp(by, -length - 1, length + 1);
        var from = Bound(start, by > 0 ? 0 : length - 1);
        var to = Bound(stop, by > 0 ? length : -1);
        for (var at = from; by > 0 ? at < to : at > to; at += by)
            yield return (int)at;

        long Bound(object? value, long otherwise)
        {
            if (value is null or Undefined)
                return otherwise;
            var bound = Integer(value);
            if (bound < 0)
                bound = Math.Max(bound + length, by > 0 ? 0 : -1);
            return Math.Min(bound, by > 0 ? length : length - 1);
        }
    }
}
