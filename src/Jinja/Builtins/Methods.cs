using Meridian.Jinja.Objects;
using Meridian.Jinja.Texts;

namespace Meridian.Jinja.Builtins;

/// <summary>Methods of Python's texts, mappings and lists.</summary>
internal static class Methods
{
    public static object? Call(object? target, string name, CallArguments arguments, Budget budget)
    {
        if (target is Undefined missing)
            throw new TemplateFailure($"'{missing.Name}' is undefined");
        return target switch
        {
            TrackedText text => TextMethods.Call(budget.Text(text), name, arguments, budget),
            Mapping mapping => OfMapping(mapping, name, arguments, budget),
            object?[] items => OfList(items, name, arguments, budget),
            Loop loop => loop.Call(name, arguments, budget),
            _ => throw None(target, name),
        };
    }

    public static TemplateFailure None(object? target, string name) => new($"{Values.Kind(target)} has no method '{name}' here");

    public static object?[] Pairs(Mapping mapping, Budget budget)
    {
        budget.Step(mapping.Count);
        var pairs = new object?[mapping.Count];
        for (var i = 0; i < pairs.Length; i++)
            pairs[i] = new object?[] { mapping.GetAt(i).Key.Value, mapping.GetAt(i).Value };
        return pairs;
    }

    private static object? OfMapping(Mapping mapping, string name, CallArguments arguments, Budget budget)
    {
        budget.Step(name is "keys" or "values" or "copy" ? mapping.Count : 1);
        switch (name)
        {
            case "get":
                arguments.Check(name, 1, "key", "default");
                return mapping.TryGet(arguments.Get(0, "key", null), budget, out var value) ? value : arguments.Get(1, "default", null);
            case "items":
                arguments.Check(name, 0);
                return Pairs(mapping, budget);
            case "keys":
                arguments.Check(name, 0);
                return Sequences.Elements(mapping, budget);
            case "values":
                arguments.Check(name, 0);
                return mapping.Values.ToArray();
            case "copy":
                arguments.Check(name, 0);
                return mapping;
            default:
                throw None(mapping, name);
        }
    }

    private static object? OfList(object?[] items, string name, CallArguments arguments, Budget budget)
    {
        switch (name)
        {
            case "copy":
                arguments.Check(name, 0);
                return items;
            case "index" or "count":
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
            default:
                throw None(items, name);
        }
    }
}
