using System.Collections.Frozen;
using Meridian.Jinja.Objects;
using Meridian.Jinja.Texts;

namespace Meridian.Jinja.Builtins;

/// <summary>The tests, which follow <c>is</c> in a template.</summary>
internal static class Tests
{
    public static FrozenSet<string> Names { get; } = FrozenSet.ToFrozenSet(
        [
            "defined", "undefined", "none", "boolean", "true", "false", "integer", "float", "number", "string", "mapping", "iterable", "sequence", "callable",
            "even", "odd", "divisibleby", "equalto", "eq", "==", "ne", "!=", "lt", "<", "lessthan", "le", "<=", "gt", ">", "greaterthan", "ge", ">=", "in", "sameas", "lower", "upper", "filter", "test",
        ],
        StringComparer.Ordinal);

    public static bool Holds(object? value, string name, CallArguments arguments, Budget budget)
    {
        if (!Names.Contains(name))
            throw new TemplateFailure($"the test '{name}' is not supported");
        var wanted = name is "divisibleby" or "equalto" or "eq" or "==" or "ne" or "!=" or "lt" or "<" or "lessthan" or "le" or "<=" or "gt" or ">" or "greaterthan" or "ge" or ">=" or "in" or "sameas" ? 1 : 0;
        if (arguments.Count != wanted)
            throw new TemplateFailure($"the test '{name}' takes {wanted} arguments, not {arguments.Count}");
        var other = wanted == 1 ? arguments.Positional is [var first] ? first : arguments.Named[0].Value : null;
        return name switch
        {
            "defined" => value is not Undefined,
            "undefined" => value is Undefined,
            "none" => value is null,
            "boolean" => value is bool,
            "true" => value is true,
            "false" => value is false,
            "integer" => value is long,
            "float" => value is double,
            "number" => value is long or double or bool,
            "string" => value is TrackedText,
            "mapping" => value is Mapping,
            "iterable" => value is TrackedText or object?[] or Mapping or Undefined,
            "sequence" => value is TrackedText or object?[] or Mapping or Undefined,
            "callable" => value is MacroValue or FunctionValue or MethodValue,
            "even" => Values.Integer(value) % 2 == 0,
            "odd" => Values.Integer(value) % 2 != 0,
            "divisibleby" => Values.Integer(other) is var by and not 0 ? (by == -1 || Values.Integer(value) % by == 0) : throw new TemplateFailure("a division by zero"),
            "equalto" or "eq" or "==" => Values.AreEqual(value, other, budget),
            "ne" or "!=" => !Values.AreEqual(value, other, budget),
            "lt" or "<" or "lessthan" => Values.Compare(value, other, budget) < 0,
            "le" or "<=" => Values.Compare(value, other, budget) <= 0,
            "gt" or ">" or "greaterthan" => Values.Compare(value, other, budget) > 0,
            "ge" or ">=" => Values.Compare(value, other, budget) >= 0,
            "in" => Sequences.Contains(other, value, budget),
            "sameas" => value is null or bool or long or double ? Equals(value, other) : ReferenceEquals(value, other) || (value is TrackedText && Values.AreEqual(value, other, budget)),
            "lower" => value is TrackedText low && (bool)TextMethods.Call(low, "islower", CallArguments.None, budget)!,
            "upper" => value is TrackedText high && (bool)TextMethods.Call(high, "isupper", CallArguments.None, budget)!,
            "filter" => value is TrackedText filter && Filters.Names.Contains(filter.Value),
            _ => value is TrackedText test && Names.Contains(test.Value),
        };
    }
}
