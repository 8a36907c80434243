using System.Text;
using Mapping = System.Collections.Generic.OrderedDictionary<string, object?>;

namespace Meridian.Inference.Tokenization.Chat.Jinja;

/// <summary>One rendering of a template.</summary>
internal sealed class TemplateRun
{
    private readonly Budget _budget;
    private readonly TimeProvider _time;
    private readonly Scope _globals;
    private StringBuilder _output = new();
    private Scope _scope;
    private int _line = 1;
    private int _depth;

    private TemplateRun(Budget budget, TimeProvider time)
    {
        _budget = budget;
        _time = time;
        _scope = _globals = new Scope(null);
    }

    private enum Flow
    {
        On,
        Break,
        Continue,
    }

    /// <exception cref="ChatTemplateException">The template raised it, or failed; then the message names the line.</exception>
    public static string Render(Statement[] template, IEnumerable<KeyValuePair<string, object?>> variables, Budget budget, TimeProvider time)
    {
        var run = new TemplateRun(budget, time);
        foreach (var (name, value) in variables)
            run._globals.Set(name, value);
        try
        {
            run.Execute(template);
            return run._output.ToString();
        }
        catch (TemplateFailure e)
        {
            throw new ChatTemplateException($"The model's chat template fails in line {run._line}: {e.Message}.", e);
        }
    }

    private Flow Execute(Statement[] statements)
    {
        Budget.Deep();
        foreach (var statement in statements)
        {
            _budget.Step();
            _line = statement.Line;
            var flow = Execute(statement);
            if (flow != Flow.On)
                return flow;
        }

        return Flow.On;
    }

    private Flow Execute(Statement statement)
    {
        switch (statement)
        {
            case Statement.Text text:
                Write(text.Value);
                return Flow.On;
            case Statement.Output output:
                Write(Values.Text(Evaluate(output.Value), _budget));
                return Flow.On;
            case Statement.If choice:
                foreach (var (condition, body) in choice.Branches)
                {
                    if (Values.IsTrue(Evaluate(condition)))
                        return Execute(body);
                }

                return Execute(choice.Otherwise);
            case Statement.For loop:
                return Repeat(loop);
            case Statement.Set set:
                Set(set);
                return Flow.On;
            case Statement.SetBlock block:
                Assign(block.Target, Captured(() => Execute(block.Body)));
                return Flow.On;
            case Statement.Macro macro:
                _scope.Set(macro.Name, new MacroValue(macro, _scope));
                return Flow.On;
            case Statement.Group group:
                return Execute(group.Body);
            case Statement.Break:
                return Flow.Break;
            default:
                return Flow.Continue;
        }
    }

    private void Write(string text)
    {
        _budget.Characters(text.Length);
        if (_output.Length + text.Length > Budget.Largest)
            _budget.Characters((long)_output.Length + text.Length);
        _output.Append(text);
    }

    private Flow Repeat(Statement.For loop)
    {
        var items = Values.Elements(Evaluate(loop.Items), _budget);
        var outer = _scope;
        var scope = new Scope(outer);
        try
        {
            _scope = scope;
            if (loop.Condition is not null)
            {
                var kept = new List<object?>();
                foreach (var item in items)
                {
                    Bind(loop.Targets, item);
                    if (Values.IsTrue(Evaluate(loop.Condition)))
                        kept.Add(item);
                    scope.Clear();
                }

                items = [.. kept];
            }

            var state = new Loop(items, ++_depth);
            for (; state.Index < items.Length; state.Index++)
            {
                _budget.Step();
                scope.Clear();
                scope.Set("loop", state);
                Bind(loop.Targets, items[state.Index]);
                if (Execute(loop.Body) == Flow.Break)
                    break;
            }
        }
        finally
        {
            _scope = outer;
        }

        _depth--;
        return items.Length == 0 ? Execute(loop.Otherwise) : Flow.On;
    }

    private void Bind(string[] targets, object? item)
    {
        if (targets.Length == 1)
        {
            _scope.Set(targets[0], item);
            return;
        }

        if (item is not object?[] parts || parts.Length != targets.Length)
            throw new TemplateFailure($"{Values.Kind(item)} is not {targets.Length} values");
        for (var i = 0; i < targets.Length; i++)
            _scope.Set(targets[i], parts[i]);
    }

    private void Set(Statement.Set set)
    {
        var value = Evaluate(set.Value);
        if (set.Targets.Length == 1)
        {
            Assign(set.Targets[0], value);
            return;
        }

        if (value is not object?[] parts || parts.Length != set.Targets.Length)
            throw new TemplateFailure($"{Values.Kind(value)} is not {set.Targets.Length} values");
        for (var i = 0; i < parts.Length; i++)
            Assign(set.Targets[i], parts[i]);
    }

    private void Assign(Expression target, object? value)
    {
        if (target is Expression.Name name)
        {
            _scope.Set(name.Text, value);
            return;
        }

        var member = (Expression.Attribute)target;
        if (Evaluate(member.Target) is not Namespace names)
            throw new TemplateFailure($"'{member.Member}' can be set in a namespace only");
        names.Members[member.Member] = value;
    }

    private string Captured(Action write)
    {
        var output = _output;
        _output = new StringBuilder();
        try
        {
            write();
            return _output.ToString();
        }
        finally
        {
            _output = output;
        }
    }

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
                return Member(Evaluate(attribute.Target), attribute.Member);
            case Expression.Item item:
                return Values.Item(Evaluate(item.Target), Evaluate(item.Index), _budget);
            case Expression.Slice slice:
                return Values.Slice(Evaluate(slice.Target), Optional(slice.Start), Optional(slice.Stop), Optional(slice.Step), _budget);
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
                var texts = new StringBuilder();
                foreach (var part in concatenation.Parts)
                {
                    texts.Append(Values.Text(Evaluate(part), _budget));
                    _budget.Characters(texts.Length);
                }

                return texts.ToString();
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
        var values = new Mapping(StringComparer.Ordinal);
        foreach (var (key, value) in mapping.Parts)
        {
            if (Evaluate(key) is not string name)
                throw new TemplateFailure("a mapping's keys are strings here");
            values[_budget.Text(name)] = Evaluate(value);
        }

        return values;
    }

    private object? Member(object? target, string name) => target switch
    {
        Loop loop => loop.Member(name),
        Undefined missing => throw new TemplateFailure($"'{missing.Name}' is undefined and has no '{name}'"),
        null => new Undefined(name),
        _ => Values.Item(target, name, _budget),
    };

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
                "in" => Values.Contains(right, left, _budget),
                "not in" => !Values.Contains(right, left, _budget),
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
        if (call.Callee is Expression.Attribute method)
        {
            var target = Evaluate(method.Target);
            return Methods.Call(target, method.Member, Given(call.Arguments), _budget);
        }

        return Evaluate(call.Callee) switch
        {
            FunctionValue function => Functions.Call(function.Name, Given(call.Arguments), _time, _budget),
            MacroValue macro => Expand(macro, Given(call.Arguments)),
            Undefined missing => throw new TemplateFailure($"'{missing.Name}' is undefined and cannot be called"),
            var other => throw new TemplateFailure($"{Values.Kind(other)} cannot be called"),
        };
    }

    private string Expand(MacroValue macro, CallArguments arguments)
    {
        var parameters = macro.Definition.Parameters;
        _budget.Step(parameters.Length * (1L + arguments.Named.Length));
        arguments.Check(macro.Definition.Name, 0, [.. parameters.Select(p => p.Name)]);
        var scope = new Scope(macro.Closure);
        var (caller, line) = (_scope, _line);
        try
        {
            _scope = scope;
            for (var i = 0; i < parameters.Length; i++)
            {
                var (name, otherwise) = parameters[i];
                var given = arguments.Get(i, name, this);
                scope.Set(name, ReferenceEquals(given, this) ? otherwise is null ? new Undefined(name) : Evaluate(otherwise) : given);
            }

            return Captured(() => Execute(macro.Definition.Body));
        }
        finally
        {
            _scope = caller;
            _line = line;
        }
    }
}
