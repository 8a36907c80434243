namespace Meridian.Jinja.Syntax;

/// <summary>A part of a template that has a value.</summary>
internal abstract record Expression
{
    public sealed record Literal(object? Value) : Expression;

    public sealed record Name(string Text) : Expression;

    public sealed record Items(Expression[] Parts) : Expression;

    public sealed record Mapping((Expression Key, Expression Value)[] Parts) : Expression;

    public sealed record Attribute(Expression Target, string Member) : Expression;

    public sealed record Item(Expression Target, Expression Index) : Expression;

    public sealed record Slice(Expression Target, Expression? Start, Expression? Stop, Expression? Step) : Expression;

    public sealed record Call(Expression Callee, Arguments Arguments) : Expression;

    public sealed record Filter(Expression Target, string Kind, Arguments Arguments) : Expression;

    public sealed record Test(Expression Target, string Kind, Arguments Arguments, bool Negated) : Expression;

    public sealed record Unary(string Operator, Expression Operand) : Expression;

    public sealed record Binary(string Operator, Expression Left, Expression Right) : Expression;

    public sealed record Comparison(Expression First, (string Operator, Expression Operand)[] Rest) : Expression;

    public sealed record Concatenation(Expression[] Parts) : Expression;

    public sealed record And(Expression Left, Expression Right) : Expression;

    public sealed record Or(Expression Left, Expression Right) : Expression;

    public sealed record Not(Expression Operand) : Expression;

    /// <summary>An expression that is not supported. Evaluating it is an error.</summary>
    public sealed record Refused(string Reason) : Expression;

    public sealed record Conditional(Expression Value, Expression Condition, Expression? Otherwise) : Expression;
}

internal sealed record Arguments(Expression[] Positional, (string Name, Expression Value)[] Named)
{
    public static Arguments None { get; } = new([], []);
}
