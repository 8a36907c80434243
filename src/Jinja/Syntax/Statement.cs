using Meridian.Jinja.Texts;

namespace Meridian.Jinja.Syntax;

/// <summary>A part of a template that writes or assigns.</summary>
internal abstract record Statement(int Line)
{
    public sealed record Text(TrackedText Value, int Line) : Statement(Line);

    public sealed record Output(Expression Value, int Line) : Statement(Line);

    public sealed record If((Expression Condition, Statement[] Body)[] Branches, Statement[] Otherwise, int Line) : Statement(Line);

    public sealed record For(string[] Targets, Expression Items, Expression? Condition, Statement[] Body, Statement[] Otherwise, int Line) : Statement(Line);

    /// <param name="Targets">Names, or one member of a namespace.</param>
    public sealed record Set(Expression[] Targets, Expression Value, int Line) : Statement(Line);

    /// <param name="Filters">Applied to the text of the body, in order.</param>
    public sealed record SetBlock(Expression Target, (string Kind, Arguments Arguments)[] Filters, Statement[] Body, int Line) : Statement(Line);

    /// <param name="Filters">Applied to the text of the body, in order.</param>
    public sealed record FilterBlock((string Kind, Arguments Arguments)[] Filters, Statement[] Body, int Line) : Statement(Line);

    public sealed record With((string Name, Expression Value)[] Variables, Statement[] Body, int Line) : Statement(Line);

    /// <param name="Caller">The macro <c>caller</c> that the called macro sees.</param>
    public sealed record CallBlock(Expression.Call Call, Macro Caller, int Line) : Statement(Line);

    public sealed record Macro(string Name, (string Name, Expression? Default)[] Parameters, Statement[] Body, int Line) : Statement(Line);

    /// <summary><c>generation</c>: marks what the assistant said, for training; here only its content counts.</summary>
    public sealed record Group(Statement[] Body, int Line) : Statement(Line);

    /// <summary>What is not supported: an error if it is reached.</summary>
    public sealed record Refused(string Reason, int Line) : Statement(Line);

    public sealed record Break(int Line) : Statement(Line);

    public sealed record Continue(int Line) : Statement(Line);
}
