using Meridian.Jinja.Builtins;
using Meridian.Jinja.Objects;
using Meridian.Jinja.Syntax;
using Meridian.Jinja.Texts;

namespace Meridian.Jinja.Rendering;

// Evaluates expressions.
internal sealed partial class TemplateRun
{
    private object? Evaluate(Expression expression)
    {
        _budget.Step();
        Budget.Deep();
        switch (expression)
        {
            case Expression.Literal literal:
                return literal.Value;
            case Expression.Name name:
                return _scope.TryGet(name.Text, out var value) ? value : Functions.Names.Contains(name.Text) ? new FunctionValue(name.Text) : new Undefined(name.Text);
            case Expression.Items items:
                return All(items.Parts);
            case Expression.Mapping mapping:
                return Mapped(mapping);
            case Expression.Attribute attribute:
                return Sequences.Member(Evaluate(attribute.Target), attribute.Member, _budget);
            case Expression.Item item:
                return Sequences.Item(Evaluate(item.Target), Evaluate(item.Index), _budget);
            case Expression.Slice slice:
                return Sequences.Slice(Evaluate(slice.Target), Optional(slice.Start), Optional(slice.Stop), Optional(slice.Step), _budget);
            case Expression.Call call:
                return Call(call);
            case Expression.Filter filter:
                return Filters.Apply(Evaluate(filter.Target), filter.Kind, Given(filter.Arguments), _budget);
            case Expression.Test test:
                return Tests.Holds(Evaluate(test.Target), test.Kind, Given(test.Arguments), _budget) != test.Negated;
            case Expression.Unary unary:
                return unary.Operator == "-" ? Arithmetic.Negate(Evaluate(unary.Operand)) : Evaluate(unary.Operand);
            case Expression.Binary binary:
                return Arithmetic.Of(binary.Operator, Evaluate(binary.Left), Evaluate(binary.Right), _budget);
            case Expression.Comparison comparison:
                return Compared(comparison);
            case Expression.Concatenation concatenation:
                var texts = new TrackedBuilder();
                foreach (var part in concatenation.Parts)
                {
                    texts.Append(Values.Text(Evaluate(part), _budget));
                    _budget.Characters(texts.Length);
                }

                return texts.Build();
            case Expression.And and:
                return Evaluate(and.Left) is var left && Values.IsTrue(left) ? Evaluate(and.Right) : left;
            case Expression.Or or:
                return Evaluate(or.Left) is var first && Values.IsTrue(first) ? first : Evaluate(or.Right);
            case Expression.Not not:
                return !Values.IsTrue(Evaluate(not.Operand));
            case Expression.Conditional conditional:
                return Values.IsTrue(Evaluate(conditional.Condition))
                    ? Evaluate(conditional.Value)
                    : conditional.Otherwise is null ? new Undefined("an if without else") : Evaluate(conditional.Otherwise);
            case Expression.Refused refused:
                throw new TemplateFailure(refused.Reason);
            default:
                throw new TemplateFailure($"{expression.GetType().Name} is not supported");
        }
    }

    private object? Optional(Expression? expression) => expression is null ? null : Evaluate(expression);

    private object?[] All(Expression[] parts)
    {
        var values = new object?[parts.Length];
        for (var i = 0; i < parts.Length; i++)
            values[i] = Evaluate(parts[i]);
        return values;
    }

    private CallArguments Given(Arguments arguments)
    {
        if (arguments.Positional.Length == 0 && arguments.Named.Length == 0)
            return CallArguments.None;
        var named = new (string, object?)[arguments.Named.Length];
        for (var i = 0; i < named.Length; i++)
            named[i] = (arguments.Named[i].Name, Evaluate(arguments.Named[i].Value));
        return new CallArguments(All(arguments.Positional), named);
    }

    private Mapping Mapped(Expression.Mapping mapping)
    {
        var values = new Mapping();
        foreach (var (key, value) in mapping.Parts)
            values[Mapping.Key(Evaluate(key), _budget)] = Evaluate(value);
        return values;
    }

    private bool Compared(Expression.Comparison comparison)
    {
        var left = Evaluate(comparison.First);
        foreach (var (sign, operand) in comparison.Rest)
        {
            var right = Evaluate(operand);
            var holds = sign switch
            {
                "==" => Values.AreEqual(left, right, _budget),
                "!=" => !Values.AreEqual(left, right, _budget),
                "in" => Sequences.Contains(right, left, _budget),
                "not in" => !Sequences.Contains(right, left, _budget),
                "<" => Values.Compare(left, right, _budget) < 0,
                "<=" => Values.Compare(left, right, _budget) <= 0,
                ">" => Values.Compare(left, right, _budget) > 0,
                _ => Values.Compare(left, right, _budget) >= 0,
            };
            if (!holds)
                return false;
            left = right;
        }

        return true;
    }

    private object? Call(Expression.Call call)
    {
        // A method call is the most common call. It is made directly, without creating a MethodValue.
        if (call.Callee is Expression.Attribute method)
        {
            var target = Evaluate(method.Target);
            if (MethodNames.Has(target, method.Member))
                return Methods.Call(target, method.Member, Given(call.Arguments), _budget);
            return target switch
            {
                Mapping or Loop or Namespace => Call(Sequences.Member(target, method.Member, _budget), call.Arguments),
                Undefined missing => throw new TemplateFailure($"'{missing.Name}' is undefined and has no '{method.Member}'"),
                _ => throw Methods.None(target, method.Member),
            };
        }

        return Call(Evaluate(call.Callee), call.Arguments);
    }

    private object? Call(object? callee, Arguments arguments) => callee switch
    {
        FunctionValue function => Functions.Call(function.Name, Given(arguments), _time, _budget),
        MacroValue macro => Expand(macro, Given(arguments), null),
        MethodValue method => Methods.Call(method.Target, method.Name, Given(arguments), _budget),
        Undefined missing => throw new TemplateFailure($"'{missing.Name}' is undefined and cannot be called"),
        _ => throw new TemplateFailure($"{Values.Kind(callee)} cannot be called"),
    };

    private TrackedText Expand(MacroValue macro, CallArguments arguments, MacroValue? callBlock)
    {
        var parameters = macro.Definition.Parameters;
        _budget.Step(parameters.Length * (1L + arguments.Named.Length));
        arguments.Check(macro.Definition.Name, 0, [.. parameters.Select(p => p.Name)]);
        var scope = new Scope(macro.Closure);
        var (caller, line) = (_scope, _line);
        try
        {
            _scope = scope;
            if (callBlock is not null)
                scope.Set("caller", callBlock);
            for (var i = 0; i < parameters.Length; i++)
            {
                var (name, otherwise) = parameters[i];
                var given = arguments.Get(i, name, this);
                scope.Set(name, ReferenceEquals(given, this) ? otherwise is null ? new Undefined(name) : Evaluate(otherwise) : given);
            }

            return Captured(macro.Definition.Body);
        }
        finally
        {
            _scope = caller;
            _line = line;
        }
    }
}
