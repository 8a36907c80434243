using Meridian.Jinja.Builtins;
using Meridian.Jinja.Objects;
using Meridian.Jinja.Syntax;
using Meridian.Jinja.Texts;

namespace Meridian.Jinja.Rendering;

/// <summary>One rendering of a template.</summary>
internal sealed partial class TemplateRun
{
    private readonly Budget _budget;
    private readonly TimeProvider _time;
    private readonly Scope _globals;
    private TrackedBuilder _output = new();
    private Scope _scope;
    private int _line = 1;

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

    /// <exception cref="TemplateRenderException">The template raised an exception, or a statement failed.</exception>
    public static TrackedText Render(Statement[] template, IEnumerable<KeyValuePair<string, object?>> variables, Budget budget, TimeProvider time)
    {
        var run = new TemplateRun(budget, time);
        foreach (var (name, value) in variables)
            run._globals.Set(name, value);
        try
        {
            run.Execute(template);
            return run._output.Build();
        }
        catch (TemplateFailure e)
        {
            throw new TemplateRenderException(run._line, e.Message, e);
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
                Assign(block.Target, Filtered(Captured(block.Body), block.Filters));
                return Flow.On;
            case Statement.FilterBlock block:
                Write(Values.Text(Filtered(Captured(block.Body), block.Filters), _budget));
                return Flow.On;
            case Statement.With with:
                return Inside(scope =>
                {
                    // The values are evaluated before any of the new names is visible.
                    var values = with.Variables.Select(variable => (variable.Name, Value: Evaluate(variable.Value))).ToArray();
                    foreach (var (name, value) in values)
                        scope.Set(name, value);
                    return with.Body;
                });
            case Statement.CallBlock block:
                if (Evaluate(block.Call.Callee) is not MacroValue called)
                    throw new TemplateFailure("{% call %} of other than a macro is not supported");
                Write(Expand(called, Given(block.Call.Arguments), new MacroValue(block.Caller, _scope)));
                return Flow.On;
            case Statement.Macro macro:
                _scope.Set(macro.Name, new MacroValue(macro, _scope));
                return Flow.On;
            case Statement.Group group:
                return Inside(_ => group.Body);
            case Statement.Refused refused:
                throw new TemplateFailure(refused.Reason);
            case Statement.Break:
                return Flow.Break;
            default:
                return Flow.Continue;
        }
    }

    private void Write(TrackedText text)
    {
        _budget.Characters(text.Length);
        if (_output.Length + text.Length > Budget.Largest)
            _budget.Characters((long)_output.Length + text.Length);
        _output.Append(text);
    }

    /// <summary>Executes statements in a new scope. They see the names around them, but their own names are not visible outside.</summary>
    private Flow Inside(Func<Scope, Statement[]> enter)
    {
        var outer = _scope;
        var scope = new Scope(outer);
        try
        {
            var body = enter(scope);
            _scope = scope;
            return Execute(body);
        }
        finally
        {
            _scope = outer;
        }
    }

    private object? Filtered(TrackedText text, (string Kind, Arguments Arguments)[] filters)
    {
        object? value = text;
        foreach (var (kind, arguments) in filters)
            value = Filters.Apply(value, kind, Given(arguments), _budget);
        return value;
    }

    private Flow Repeat(Statement.For loop)
    {
        var items = Sequences.Elements(Evaluate(loop.Items), _budget);
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

            var state = new Loop(items);
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

    private TrackedText Captured(Statement[] body)
    {
        var output = _output;
        _output = new TrackedBuilder();
        try
        {
            Inside(_ => body);
            return _output.Build();
        }
        finally
        {
            _output = output;
        }
    }
}
