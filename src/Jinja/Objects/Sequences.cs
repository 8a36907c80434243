using System.Globalization;
using Meridian.Jinja.Texts;

namespace Meridian.Jinja.Objects;

/// <summary>Elements, members, lengths and slices with Python's rules.</summary>
internal static class Sequences
{
    public static bool Contains(object? container, object? value, Budget budget)
    {
        switch (container)
        {
            case TrackedText text when value is TrackedText part:
                return budget.Search(text, part).Value.Contains(part.Value, StringComparison.Ordinal);
            case Mapping mapping:
                return mapping.TryGet(value, budget, out _);
            case object?[] items:
                foreach (var item in items)
                {
                    if (Values.AreEqual(item, value, budget))
                        return true;
                }

                return false;
            case Undefined:
                return false;
            default:
                throw new TemplateFailure($"'in' looks for {Values.Kind(value)} in {Values.Kind(container)}");
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
                return [.. mapping.Keys.Select(key => key.Value)];
            case TrackedText text:
                budget.Step(text.Length);
                var characters = new List<object?>(text.Length);
                for (var at = 0; at < text.Length; at += Width(text.Value, at))
                    characters.Add(text.Slice(at, Width(text.Value, at)));
                return [.. characters];
            case Undefined:
                return [];
            default:
                throw new TemplateFailure($"{Values.Kind(value)} is no list");
        }
    }

    /// <summary>Elements of a value that may be missing. Jinja's <c>map</c>, <c>select</c> and similar filters treat every false value as empty.</summary>
    public static object?[] ElementsIfTrue(object? value, Budget budget) => Values.IsTrue(value) ? Elements(value, budget) : [];

    /// <summary>Number of code units of the character at an index: 2 for a surrogate pair, otherwise 1.</summary>
    public static int Width(string text, int at) => char.IsHighSurrogate(text[at]) && at + 1 < text.Length && char.IsLowSurrogate(text[at + 1]) ? 2 : 1;

    public static long Length(object? value, Budget budget) => value switch
    {
        TrackedText text => Characters(text.Value, budget),
        object?[] items => items.Length,
        Mapping mapping => mapping.Count,
        Undefined => 0,
        _ => throw new TemplateFailure($"{Values.Kind(value)} has no length"),
    };

    /// <summary>Number of characters, not of code units.</summary>
    public static long Characters(ReadOnlySpan<char> text, Budget budget)
    {
        budget.Characters(text.Length);
        long count = text.Length;
        foreach (var unit in text)
            count -= char.IsLowSurrogate(unit) ? 1 : 0;
        return count;
    }

    /// <summary><c>target.name</c>: Jinja looks for a method first, then for an element.</summary>
    public static object? Member(object? target, string name, Budget budget) => target switch
    {
        Loop loop => loop.Member(name),
        Undefined missing => throw new TemplateFailure($"'{missing.Name}' is undefined and has no '{name}'"),
        null => new Undefined(name),
        _ when MethodNames.Has(target, name) => new MethodValue(target, name),
        _ => Item(target, TrackedText.OfTemplate(name), budget),
    };

    /// <summary><c>target[index]</c>: Jinja looks for an element first, then for a method.</summary>
    public static object? Item(object? target, object? index, Budget budget)
    {
        switch (target, index)
        {
            case (Mapping mapping, _):
                return mapping.TryGet(index, budget, out var value) ? value : Method(mapping, index);
            case (Namespace names, TrackedText key):
                return names.Members.TryGetValue(budget.Text(key).Value, out var member) ? member : new Undefined(key.Value);
            case (object?[] items, long at):
                at += at < 0 ? items.Length : 0;
                return at >= 0 && at < items.Length ? items[at] : new Undefined(Shown(index));
            case (TrackedText text, long at):
                if (budget.Text(text).Value.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF') >= 0)
                    return Item(Elements(text, budget), index, budget);
                at += at < 0 ? text.Length : 0;
                return at >= 0 && at < text.Length ? text.Slice((int)at, 1) : new Undefined(Shown(index));
            case (_, bool flag):
                return Item(target, flag ? 1L : 0L, budget);
            case (Loop loop, TrackedText key):
                return loop.Member(key.Value);
            case (Undefined missing, _):
                throw new TemplateFailure($"'{missing.Name}' is undefined");
            case (null, _):
                throw new TemplateFailure($"none has no element {Shown(index)}");
            default:
                return Method(target, index);
        }
    }

    public static object? Slice(object? target, object? start, object? stop, object? step, Budget budget)
    {
        if (target is TrackedText text)
        {
            // Characters are code points, as in Python.
            var hasPairs = budget.Text(text).Value.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF') >= 0;
            var sliced = new TrackedBuilder();
            if (hasPairs)
            {
                foreach (var character in (object?[])Slice(Elements(text, budget), start, stop, step, budget)!)
                    sliced.Append((TrackedText)character!);
            }
            else if (step is null or Undefined or 1L)
            {
                var (first, count) = (0, 0);
                foreach (var at in Indices(text.Length, start, stop, step))
                    (first, count) = (count == 0 ? at : first, count + 1);
                sliced.Append(text, first, count);
            }
            else
            {
                foreach (var at in Indices(text.Length, start, stop, step))
                    sliced.Append(text, at, 1);
            }

            return budget.Text(sliced.Build());
        }

        if (target is not object?[] items)
            throw new TemplateFailure(target is Undefined missing ? $"'{missing.Name}' is undefined" : $"{Values.Kind(target)} has no slices");
        var parts = new List<object?>();
        foreach (var at in Indices(items.Length, start, stop, step))
        {
            budget.Step();
            parts.Add(items[at]);
        }

        return parts.ToArray();
    }

    private static object Method(object? target, object? index) => index is TrackedText name && MethodNames.Has(target, name.Value)
        ? new MethodValue(target, name.Value)
        : new Undefined(Shown(index));

    private static string Shown(object? index) => index switch
    {
        TrackedText text => $"['{text.Value}']",
        null => "[none]",
        _ => string.Create(CultureInfo.InvariantCulture, $"[{index}]"),
    };

    // Follows PySlice_AdjustIndices of CPython.
    private static IEnumerable<int> Indices(int length, object? start, object? stop, object? step)
    {
        var by = step is null or Undefined ? 1 : Values.Integer(step);
        if (by == 0)
            throw new TemplateFailure("a slice has step 0");

        // A step of the length plus one already leaves the sequence, so longer steps are clamped to it. That avoids an overflow.
        by = Math.Clamp(by, -length - 1, length + 1);
        var from = Bound(start, by > 0 ? 0 : length - 1);
        var to = Bound(stop, by > 0 ? length : -1);
        for (var at = from; by > 0 ? at < to : at > to; at += by)
            yield return (int)at;

        long Bound(object? value, long otherwise)
        {
            if (value is null or Undefined)
                return otherwise;
            var bound = Values.Integer(value);
            if (bound < 0)
                bound = Math.Max(bound + length, by > 0 ? 0 : -1);
            return Math.Min(bound, by > 0 ? length : length - 1);
        }
    }
}
