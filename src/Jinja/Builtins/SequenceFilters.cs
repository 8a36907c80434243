using System.Globalization;
using Meridian.Jinja.Objects;
using Meridian.Jinja.Texts;

namespace Meridian.Jinja.Builtins;

/// <summary>Filters that select, sort and change elements.</summary>
internal static class SequenceFilters
{
    public static object? Apply(object? value, string name, CallArguments arguments, Budget budget)
    {
        switch (name)
        {
            case "dictsort":
                return DictSort(value, arguments, budget);
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
            case "groupby":
                return GroupBy(value, arguments, budget);
            case "batch":
                return Batch(value, arguments, budget);
            case "sum":
                arguments.Check(name, 0, "attribute", "start");
                var sum = arguments.Get(1, "start", 0L);
                foreach (var item in Sequences.Elements(value, budget))
                {
                    budget.Step();
                    sum = Arithmetic.Of("+", sum, arguments.Get(0, "attribute", null) is { } summed ? Member(item, summed, budget) : item, budget);
                }

                return sum;
            default:
                throw new TemplateFailure($"the filter '{name}' is not supported");
        }
    }

    /// <summary>A member by its path: <c>a.b.0</c>, or an index.</summary>
    public static object? Member(object? item, object? path, Budget budget)
    {
        if (path is not TrackedText { Value: var names })
            return Sequences.Item(item, path, budget);
        budget.Characters(names.Length);
        foreach (var name in names.Split('.'))
        {
            budget.Step();
            item = item is null
                ? new Undefined(name)
                : Sequences.Item(item, long.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var at) ? at : TrackedText.OfTemplate(name), budget);
        }

        return item;
    }

    private static object?[] DictSort(object? value, CallArguments arguments, Budget budget)
    {
        arguments.Check("dictsort", 0, "case_sensitive", "by", "reverse");
        if (value is not Mapping mapping)
            throw new TemplateFailure($"dictsort wants a mapping, not {Values.Kind(value)}");
        var by = arguments.Get(1, "by", null) is null ? "key" : arguments.Text(1, "by").Value;
        var at = by switch { "key" => 0, "value" => 1, _ => throw new TemplateFailure($"dictsort sorts by key or value, not by '{by}'") };
        var direction = arguments.Flag(2, "reverse", false) ? -1 : 1;
        var sensitive = arguments.Flag(0, "case_sensitive", false);
        return StableSort.Sorted(Methods.Pairs(mapping, budget), pair => Key(((object?[])pair!)[at], null, sensitive, budget), (a, b) => direction * Values.Compare(a, b, budget));
    }

    private static object?[] Map(object? value, CallArguments arguments, Budget budget)
    {
        var items = Sequences.ElementsIfTrue(value, budget);
        budget.Step(items.Length);
        if (arguments.Positional.Length == 0)
        {
            arguments.Check("map", 1, "filter", "attribute", "default");
            return [.. items.Select(item => Member(item, arguments.Get(1, "attribute", null), budget) is var member && member is Undefined ? arguments.Get(2, "default", member) : member)];
        }

        var name = arguments.Text(0, "filter").Value;
        var rest = new CallArguments(arguments.Positional[1..], arguments.Named);
        return [.. items.Select(item => Filters.Apply(item, name, rest, budget))];
    }

    private static object?[] Select(object? value, CallArguments arguments, int test, bool keeps, Budget budget)
    {
        var items = Sequences.ElementsIfTrue(value, budget);
        if (items.Length == 0)
            return [];
        if (arguments.Positional.Length < test)
            throw new TemplateFailure("selectattr and rejectattr want the name of a member");
        var name = arguments.Positional.Length > test ? arguments.Text(test, "test").Value : null;
        var rest = new CallArguments(name is null ? [] : arguments.Positional[(test + 1)..], arguments.Named);
        var selected = new List<object?>();
        foreach (var item in items)
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

        return StableSort.Sorted(Sequences.Elements(value, budget), item => Key(item, by, sensitive, budget), (a, b) => direction * Values.Compare(a, b, budget));
    }

    private static object?[] Unique(object? value, CallArguments arguments, Budget budget)
    {
        arguments.Check("unique", 0, "case_sensitive", "attribute");
        var keys = new List<object?>();
        var unique = new List<object?>();
        foreach (var item in Sequences.Elements(value, budget))
        {
            var key = Key(item, arguments.Get(1, "attribute", null), arguments.Flag(0, "case_sensitive", false), budget);
            if (keys.Exists(other => Values.AreEqual(other, key, budget)))
                continue;
            keys.Add(key);
            unique.Add(item);
        }

        return [.. unique];
    }

    private static object?[] GroupBy(object? value, CallArguments arguments, Budget budget)
    {
        arguments.Check("groupby", 1, "attribute", "default", "case_sensitive");
        var by = arguments.Get(0, "attribute", null);
        var sensitive = arguments.Flag(2, "case_sensitive", false);
        var sorted = StableSort.Sorted(Sequences.Elements(value, budget), Grouped, (a, b) => Values.Compare(a, b, budget));
        var groups = new List<object?>();
        for (var at = 0; at < sorted.Length;)
        {
            var key = Grouped(sorted[at]);
            var end = at + 1;
            while (end < sorted.Length && Values.AreEqual(key, Grouped(sorted[end]), budget))
                end++;

            // As in Jinja, the key of a group has the spelling of its first element.
            groups.Add(new object?[] { Given(sorted[at]), sorted[at..end] });
            at = end;
        }

        return [.. groups];

        object? Given(object? item) => Member(item, by, budget) is var member && member is Undefined ? arguments.Get(1, "default", member) : member;

        object? Grouped(object? item) => Given(item) is var key && key is TrackedText text && !sensitive ? budget.Text(text).ToLower() : key;
    }

    private static object?[] Batch(object? value, CallArguments arguments, Budget budget)
    {
        arguments.Check("batch", 1, "linecount", "fill_with");
        var size = (int)Math.Clamp(arguments.Integer(0, "linecount", 0), 1, int.MaxValue);
        var batches = new List<object?>();
        foreach (var batch in Sequences.Elements(value, budget).Chunk(size))
        {
            budget.Step();
            if (arguments.Get(1, "fill_with", null) is not { } fill)
            {
                batches.Add(batch);
                continue;
            }

            budget.Step(size - batch.Length);
            batches.Add((object?[])[.. batch, .. Enumerable.Repeat(fill, size - batch.Length)]);
        }

        return [.. batches];
    }

    private static object? Extreme(object? value, CallArguments arguments, int sign, Budget budget)
    {
        arguments.Check("min", 0, "case_sensitive", "attribute");
        object? best = new Undefined("min");
        object? bestKey = null;
        foreach (var item in Sequences.Elements(value, budget))
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
        return key is TrackedText text && !sensitive ? budget.Text(text).ToLower() : key;
    }
}
