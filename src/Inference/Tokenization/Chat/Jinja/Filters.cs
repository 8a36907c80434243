using System.Collections.Frozen;
using System.Globalization;
using System.Text;
using Mapping = System.Collections.Generic.OrderedDictionary<string, object?>;

namespace Meridian.Inference.Tokenization.Chat.Jinja;

/// <summary>What stands behind <c>|</c>.</summary>
internal static class Filters
{
    public static FrozenSet<string> Names { get; } = FrozenSet.ToFrozenSet(
        [
            "abs", "capitalize", "count", "d", "default", "dictsort", "e", "escape", "first", "float", "indent", "int", "items", "join", "last", "length", "list", "lower",
            "map", "max", "min", "reject", "rejectattr", "replace", "reverse", "round", "safe", "select", "selectattr", "sort", "string", "sum", "title", "tojson",
            "trim", "unique", "upper",
        ],
        StringComparer.Ordinal);

    public static object? Apply(object? value, string name, CallArguments arguments, Budget budget)
    {
        switch (name)
        {
            case "default" or "d":
                arguments.Check(name, 0, "default_value", "boolean");
                return value is Undefined || (arguments.Flag(1, "boolean", false) && !Values.IsTrue(value)) ? arguments.Get(0, "default_value", "") : value;
            case "trim":
                arguments.Check(name, 0, "chars");
                return Methods.Strip(Text(value, budget), arguments.Get(0, "chars", null), start: true, end: true, budget);
            case "upper":
                return Text(value, budget).ToUpperInvariant();
            case "lower":
                return Text(value, budget).ToLowerInvariant();
            case "title":
                return Methods.Title(Text(value, budget));
            case "capitalize":
                return Methods.Capitalize(Text(value, budget));
            case "string" or "safe":
                return name == "safe" && value is not string ? value : Text(value, budget);
            case "e" or "escape":
                return Escape(Text(value, budget), budget);
            case "replace":
                arguments.Check(name, 2, "old", "new", "count");
                return Methods.Replace(
                    Text(value, budget), arguments.Text(0, "old", ""), arguments.Text(1, "new", ""), arguments.Get(2, "count", null) is { } count ? Values.Integer(count) : -1, budget);
            case "indent":
                return Indent(Text(value, budget), arguments, budget);
            case "tojson":
                return Json.Write(value, arguments, budget);
            case "length" or "count":
                return Values.Length(value, budget);
            case "first":
                return Values.Elements(value, budget) is [var first, ..] ? first : new Undefined("first");
            case "last":
                return Values.Elements(value, budget) is [.., var last] ? last : new Undefined("last");
            case "join":
                arguments.Check(name, 0, "d", "attribute");
                var joined = Values.Elements(value, budget);
                if (arguments.Get(1, "attribute", null) is { } joinedBy)
                    joined = [.. joined.Select(item => Member(item, joinedBy, budget))];
                return Methods.Join(arguments.Text(0, "d", ""), joined, budget, strict: false);
            case "list":
                return Values.Elements(value, budget);
            case "items":
                return value is Mapping mapping ? Methods.Pairs(mapping, budget) : value is Undefined ? Array.Empty<object?>() : throw new TemplateFailure($"items wants a mapping, not {Values.Kind(value)}");
            case "dictsort":
                return value is Mapping sorted
                    ? Sorted(Methods.Pairs(sorted, budget), pair => ((object?[])pair!)[0], (a, b) => Folded((string)a!, (string)b!, budget))
                    : throw new TemplateFailure($"dictsort wants a mapping, not {Values.Kind(value)}");
            case "reverse":
                var reversed = (object?[])Values.Elements(value, budget).Clone();
                Array.Reverse(reversed);
                budget.Step(reversed.Length);
                return value is string ? string.Concat(reversed.Cast<string>()) : reversed;
            case "sort":
                return Sort(value, arguments, budget);
            case "unique":
                return Unique(value, arguments, budget);
            case "map":
                return Map(value, arguments, budget);
            case "select" or "reject":
                return Select(value, arguments, 0, name == "select", budget);
            case "selectattr" or "rejectattr":
                return Select(value, arguments, 1, name == "selectattr", budget);
            case "min" or "max":
                return Extreme(value, arguments, name == "min" ? -1 : 1, budget);
            case "sum":
                arguments.Check(name, 0, "attribute", "start");
                var sum = arguments.Get(1, "start", 0L);
                foreach (var item in Values.Elements(value, budget))
                {
                    budget.Step();
                    sum = Arithmetic.Of("+", sum, arguments.Get(0, "attribute", null) is { } summed ? Member(item, summed, budget) : item, budget);
                }

                return sum;
            case "abs":
                return value switch { long whole when whole != long.MinValue => (object)Math.Abs(whole), double real => Math.Abs(real), _ => throw new TemplateFailure($"abs wants a number, not {Values.Kind(value)}") };
            case "round":
                return Round(value, arguments);
            case "int":
                arguments.Check(name, 0, "default", "base");
                return Integer(value is string digits ? budget.Text(digits) : value) ?? arguments.Get(0, "default", 0L);
            case "float":
                arguments.Check(name, 0, "default");
                return Values.TryNumber(value, out var number) || (value is string numeral && double.TryParse(budget.Text(numeral).Trim(), NumberStyles.Float, CultureInfo.InvariantCulture, out number))
                    ? number
                    : arguments.Get(0, "default", 0.0);
            default:
                throw new TemplateFailure($"the filter '{name}' is not supported");
        }
    }

    private static string Text(object? value, Budget budget) => budget.Text(Values.Text(value, budget));

    private static object? Member(object? item, object? path, Budget budget)
    {
        if (path is not string names)
            return Values.Item(item, path, budget);
        budget.Characters(names.Length);
        foreach (var name in names.Split('.'))
        {
            budget.Step();
            item = item is null ? new Undefined(name) : Values.Item(item, long.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var at) ? at : name, budget);
        }

        return item;
    }

    private static object?[] Map(object? value, CallArguments arguments, Budget budget)
    {
        var items = Values.Elements(value, budget);
        budget.Step(items.Length);
        if (arguments.Positional.Length == 0)
        {
            arguments.Check("map", 1, "filter", "attribute", "default");
            return [.. items.Select(item => Member(item, arguments.Get(1, "attribute", null), budget) is var member && member is Undefined ? arguments.Get(2, "default", member) : member)];
        }

        var name = (string)arguments.Positional[0]!;
        var rest = new CallArguments(arguments.Positional[1..], arguments.Named);
        return [.. items.Select(item => Apply(item, name, rest, budget))];
    }

    private static object?[] Select(object? value, CallArguments arguments, int test, bool keeps, Budget budget)
    {
        if (arguments.Positional.Length < test)
            throw new TemplateFailure("selectattr and rejectattr want the name of a member");
        var name = arguments.Positional.Length > test ? (string)arguments.Positional[test]! : null;
        var rest = new CallArguments(name is null ? [] : arguments.Positional[(test + 1)..], arguments.Named);
        var selected = new List<object?>();
        foreach (var item in Values.Elements(value, budget))
        {
            budget.Step();
            var tested = test == 0 ? item : Member(item, arguments.Positional[0], budget);
            if ((name is null ? Values.IsTrue(tested) : Tests.Holds(tested, name, rest, budget)) == keeps)
                selected.Add(item);
        }

        return [.. selected];
    }

    private static object?[] Sort(object? value, CallArguments arguments, Budget budget)
    {
        arguments.Check("sort", 0, "reverse", "case_sensitive", "attribute");
        var direction = arguments.Flag(0, "reverse", false) ? -1 : 1;
        var sensitive = arguments.Flag(1, "case_sensitive", false);
        var by = arguments.Get(2, "attribute", null);

        return Sorted(Values.Elements(value, budget), item => Key(item, by, sensitive, budget), (a, b) => direction * Values.Compare(a, b, budget));
    }

    internal static object?[] Sorted(object?[] items, Func<object?, object?> key, Comparison<object?> order)
    {
        try
        {
            // OrderBy keeps the order of equals, as Python does.
            return [.. items.OrderBy(key, Comparer<object?>.Create(order))];
        }
        catch (InvalidOperationException e) when (e.InnerException is TemplateFailure failure)
        {
            // Sorting wraps what a comparison throws.
            throw new TemplateFailure(failure.Message);
        }
    }

    private static int Folded(string a, string b, Budget budget)
    {
        budget.Step();
        budget.Characters(Math.Min(a.Length, b.Length));
        return string.Compare(a, b, StringComparison.OrdinalIgnoreCase);
    }

    private static object?[] Unique(object? value, CallArguments arguments, Budget budget)
    {
        arguments.Check("unique", 0, "case_sensitive", "attribute");
        var keys = new List<object?>();
        var unique = new List<object?>();
        foreach (var item in Values.Elements(value, budget))
        {
            var key = Key(item, arguments.Get(1, "attribute", null), arguments.Flag(0, "case_sensitive", false), budget);
            if (keys.Exists(other => Values.AreEqual(other, key, budget)))
                continue;
            keys.Add(key);
            unique.Add(item);
        }

        return [.. unique];
    }

    private static object? Extreme(object? value, CallArguments arguments, int sign, Budget budget)
    {
        arguments.Check("min", 0, "case_sensitive", "attribute");
        object? best = new Undefined("min");
        object? bestKey = null;
        foreach (var item in Values.Elements(value, budget))
        {
            var key = Key(item, arguments.Get(1, "attribute", null), arguments.Flag(0, "case_sensitive", false), budget);
            if (best is Undefined || sign * Values.Compare(key, bestKey, budget) > 0)
                (best, bestKey) = (item, key);
        }

        return best;
    }

    private static object? Key(object? item, object? by, bool sensitive, Budget budget)
    {
        budget.Step();
        var key = by is null ? item : Member(item, by, budget);
        return key is string text && !sensitive ? budget.Text(text).ToLowerInvariant() : key;
    }

    private static string Indent(string text, CallArguments arguments, Budget budget)
    {
        arguments.Check("indent", 0, "width", "first", "blank");
        var margin = arguments.Get(0, "width", 4L) is string given ? given : new string(' ', (int)Math.Clamp(arguments.Integer(0, "width", 4), 0, 1000));
        var indented = new StringBuilder();
        var begun = false;
        foreach (var range in text.AsSpan().Split('\n'))
        {
            var line = text.AsSpan(range);
            budget.Step();
            budget.Adds(indented, (long)margin.Length + line.Length);
            if (begun)
                indented.Append('\n');
            if (begun ? line.Length > 0 || arguments.Flag(2, "blank", false) : arguments.Flag(1, "first", false))
                indented.Append(margin);
            indented.Append(line);
            begun = true;
        }

        return indented.ToString();
    }

    private static string Escape(string text, Budget budget)
    {
        budget.Characters(text.Length * 5L);
        return text.Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal).Replace(">", "&gt;", StringComparison.Ordinal)
            .Replace("'", "&#39;", StringComparison.Ordinal).Replace("\"", "&#34;", StringComparison.Ordinal);
    }

    private static double Round(object? value, CallArguments arguments)
    {
        arguments.Check("round", 0, "precision", "method");
        if (!Values.TryNumber(value, out var number))
            throw new TemplateFailure($"round wants a number, not {Values.Kind(value)}");
        var scale = Math.Pow(10, Math.Clamp(arguments.Integer(0, "precision", 0), -15, 15));
        return arguments.Text(1, "method", "common") switch
        {
            "common" => Math.Round(number * scale, MidpointRounding.ToEven) / scale,
            "ceil" => Math.Ceiling(number * scale) / scale,
            "floor" => Math.Floor(number * scale) / scale,
            var method => throw new TemplateFailure($"round has no method '{method}'"),
        };
    }

    private static object? Integer(object? value) => value switch
    {
        long whole => whole,
        bool flag => flag ? 1L : 0L,
        double real when Math.Abs(real) < 9e18 => (long)real,
        string text when long.TryParse(text.Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) => whole,
        string text when double.TryParse(text.Trim(), NumberStyles.Float, CultureInfo.InvariantCulture, out var real) && Math.Abs(real) < 9e18 => (long)real,
        _ => null,
    };
}
