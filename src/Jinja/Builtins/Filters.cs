using System.Collections.Frozen;
using Meridian.Jinja.Objects;
using Meridian.Jinja.Texts;

namespace Meridian.Jinja.Builtins;

/// <summary>The filters, which follow <c>|</c> in a template.</summary>
internal static class Filters
{
    private static readonly TrackedText Space = TrackedText.OfTemplate(" ");

    public static FrozenSet<string> Names { get; } = FrozenSet.ToFrozenSet(
        [
            "abs", "attr", "batch", "capitalize", "center", "count", "d", "default", "dictsort", "e", "escape", "first", "float", "groupby", "indent", "int", "items", "join",
            "last", "length", "list", "lower", "map", "max", "min", "reject", "rejectattr", "replace", "reverse", "round", "safe", "select", "selectattr", "sort", "string", "sum",
            "title", "tojson", "trim", "unique", "upper", "wordcount",
        ],
        StringComparer.Ordinal);

    public static object? Apply(object? value, string name, CallArguments arguments, Budget budget)
    {
        switch (name)
        {
            case "default" or "d":
                arguments.Check(name, 0, "default_value", "boolean");
                return value is Undefined || (arguments.Flag(1, "boolean", false) && !Values.IsTrue(value)) ? arguments.Get(0, "default_value", TrackedText.Empty) : value;
            case "trim":
                arguments.Check(name, 0, "chars");
                return TextMethods.Strip(Text(value, budget), arguments.Get(0, "chars", null), start: true, end: true, budget);
            case "upper":
                return Text(value, budget).ToUpper();
            case "lower":
                return Text(value, budget).ToLower();
            case "title":
                return TextFilters.Title(Text(value, budget));
            case "capitalize":
                return TextMethods.Capitalize(Text(value, budget));
            case "string" or "safe":
                return name == "safe" && value is not TrackedText ? value : Text(value, budget);
            case "e" or "escape":
                return TextFilters.Escape(Text(value, budget), budget);
            case "replace":
                arguments.Check(name, 2, "old", "new", "count");
                return TextMethods.Replace(
                    Text(value, budget), arguments.Text(0, "old"), arguments.Text(1, "new"), arguments.Get(2, "count", null) is { } count ? Values.Integer(count) : -1, budget);
            case "indent":
                return TextFilters.Indent(Text(value, budget), arguments, budget);
            case "center":
                arguments.Check(name, 0, "width");
                return TextMethods.Call(Text(value, budget), name, new CallArguments([arguments.Get(0, "width", 80L), Space], []), budget);
            case "wordcount":
                arguments.Check(name, 0);
                return (long)TextSplits.Split(Text(value, budget), null, -1, fromEnd: false, budget).Length;
            case "tojson":
                return Json.Write(value, arguments, budget);
            case "length" or "count":
                return Sequences.Length(value, budget);
            case "first":
                return Sequences.Elements(value, budget) is [var first, ..] ? first : new Undefined("first");
            case "last":
                return Sequences.Elements(value, budget) is [.., var last] ? last : new Undefined("last");
            case "join":
                arguments.Check(name, 0, "d", "attribute");
                var joined = Sequences.Elements(value, budget);
                if (arguments.Get(1, "attribute", null) is { } joinedBy)
                    joined = [.. joined.Select(item => SequenceFilters.Member(item, joinedBy, budget))];
                return TextMethods.Join(arguments.Text(0, "d"), joined, budget, strict: false);
            case "list":
                return Sequences.Elements(value, budget);
            case "items":
                return value is Mapping mapping ? Methods.Pairs(mapping, budget) : value is Undefined ? Array.Empty<object?>() : throw new TemplateFailure($"items wants a mapping, not {Values.Kind(value)}");
            case "attr":
                arguments.Check(name, 1, "name");
                return MethodNames.Has(value, arguments.Text(0, "name").Value) || value is Loop
                    ? Sequences.Member(value, arguments.Text(0, "name").Value, budget)
                    : new Undefined(arguments.Text(0, "name").Value);
            case "reverse":
                var reversed = (object?[])Sequences.Elements(value, budget).Clone();
                Array.Reverse(reversed);
                budget.Step(reversed.Length);
                return value is TrackedText ? TextMethods.Join(TrackedText.Empty, reversed, budget, strict: true) : reversed;
            case "abs":
                return value switch { long whole when whole != long.MinValue => (object)Math.Abs(whole), double real => Math.Abs(real), _ => throw new TemplateFailure($"abs wants a number, not {Values.Kind(value)}") };
            case "round":
                return NumberFilters.Round(value, arguments);
            case "int":
                return NumberFilters.Integer(value, arguments, budget);
            case "float":
                return NumberFilters.Float(value, arguments, budget);
            default:
                return SequenceFilters.Apply(value, name, arguments, budget);
        }
    }

    private static TrackedText Text(object? value, Budget budget) => budget.Text(Values.Text(value, budget));
}
