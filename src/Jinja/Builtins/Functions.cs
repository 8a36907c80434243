using System.Collections.Frozen;
using System.Globalization;
using Meridian.Jinja.Objects;
using Meridian.Jinja.Texts;

namespace Meridian.Jinja.Builtins;

/// <summary>Functions that are visible in every template.</summary>
internal static class Functions
{
    private const int LongestRange = 100_000;

    public static FrozenSet<string> Names { get; } =
        FrozenSet.ToFrozenSet(["raise_exception", "strftime_now", "range", "namespace", "dict"], StringComparer.Ordinal);

    public static object? Call(string name, CallArguments arguments, TimeProvider time, Budget budget)
    {
        switch (name)
        {
            case "raise_exception":
                arguments.Check(name, 1, "message");
                throw new TemplateRenderException(Values.Text(arguments.Get(0, "message", null), budget).Value);
            case "strftime_now":
                arguments.Check(name, 1, "format");
                return Time(arguments.Text(0, "format"), time.GetUtcNow(), budget);
            case "range":
                return Range(arguments, budget);
            case "namespace":
                var names = new Namespace();
                foreach (var (key, value) in Members(name, arguments, budget))
                    names.Members[key.Value is TrackedText text ? text.Value : throw new TemplateFailure($"a member of a namespace is named by a string, not by {Values.Kind(key.Value)}")] = value;
                return names;
            default:
                var mapping = new Mapping();
                foreach (var (key, value) in Members(name, arguments, budget))
                    mapping[key] = value;
                return mapping;
        }
    }

    private static IEnumerable<(MappingKey Name, object? Value)> Members(string name, CallArguments arguments, Budget budget)
    {
        if (arguments.Positional is not ([] or [Mapping]))
            throw new TemplateFailure($"{name}() takes members by name, or one mapping");
        if (arguments.Positional is [Mapping given])
        {
            foreach (var (key, value) in given)
            {
                budget.Step();
                if (key.Value is TrackedText text)
                    budget.Text(text);
                yield return (key, value);
            }
        }

        foreach (var (key, value) in arguments.Named)
            yield return (new MappingKey(TrackedText.OfTemplate(key)), value);
    }

    private static object?[] Range(CallArguments arguments, Budget budget)
    {
        arguments.Check("range", 1, "start", "stop", "step");
        var single = arguments.Count == 1;
        var start = single ? 0 : arguments.Integer(0, "start", 0);
        var stop = arguments.Integer(single ? 0 : 1, "stop", 0);
        var step = arguments.Integer(2, "step", 1);
        if (step == 0)
            throw new TemplateFailure("range() has step 0");
        var numbers = new List<object?>();

        // 128 bits, because the last step may lead beyond the largest 64-bit number.
        for (Int128 at = start; step > 0 ? at < stop : at > stop; at += step)
        {
            if (numbers.Count == LongestRange)
                throw new TemplateFailure($"range() has more than {LongestRange} numbers");
            budget.Step();
            numbers.Add((long)at);
        }

        return [.. numbers];
    }

    private static TrackedText Time(TrackedText pattern, DateTimeOffset now, Budget budget)
    {
        var format = pattern.Value;
        var text = new TrackedBuilder();
        for (var i = 0; i < format.Length; i++)
        {
            budget.Step();
            if (format[i] != '%' || i + 1 == format.Length)
            {
                text.Append(pattern, i, 1);
                continue;
            }

            var bare = format[i + 1] == '-' && i + 2 < format.Length;
            var directive = format[i += bare ? 2 : 1];
            var part = directive switch
            {
                'Y' => now.ToString("yyyy", CultureInfo.InvariantCulture),
                'y' => now.ToString("yy", CultureInfo.InvariantCulture),
                'm' => now.ToString("MM", CultureInfo.InvariantCulture),
                'd' => now.ToString("dd", CultureInfo.InvariantCulture),
                'B' => now.ToString("MMMM", CultureInfo.InvariantCulture),
                'b' => now.ToString("MMM", CultureInfo.InvariantCulture),
                'A' => now.ToString("dddd", CultureInfo.InvariantCulture),
                'a' => now.ToString("ddd", CultureInfo.InvariantCulture),
                'H' => now.ToString("HH", CultureInfo.InvariantCulture),
                'I' => now.ToString("hh", CultureInfo.InvariantCulture),
                'M' => now.ToString("mm", CultureInfo.InvariantCulture),
                'S' => now.ToString("ss", CultureInfo.InvariantCulture),
                'p' => now.ToString("tt", CultureInfo.InvariantCulture),
                'j' => now.DayOfYear.ToString("000", CultureInfo.InvariantCulture),
                'F' => now.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
                'T' => now.ToString("HH:mm:ss", CultureInfo.InvariantCulture),
                'Z' => "UTC",
                'z' => "+0000",
                '%' => "%",
                _ => throw new TemplateFailure($"strftime_now() does not know '%{directive}'"),
            };
            text.Append(bare && part.Length > 1 ? part.TrimStart('0') is { Length: > 0 } trimmed ? trimmed : "0" : part, pattern.IsOfTemplate(i));
        }

        return text.Build();
    }
}
