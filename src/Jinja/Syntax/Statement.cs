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

    /// <param name="Filters">Filters that are applied to the text of the body, in order.</param>
    public sealed record SetBlock(Expression Target, (string Kind, Arguments Arguments)[] Filters, Statement[] Body, int Line) : Statement(Line);

    /// <param name="Filters">Filters that are applied to the text of the body, in order.</param>
    public sealed record FilterBlock((string Kind, Arguments Arguments)[] Filters, Statement[] Body, int Line) : Statement(Line);

    public sealed record With((string Name, Expression Value)[] Variables, Statement[] Body, int Line) : Statement(Line);

    /// <param name="Caller">The macro that the called macro sees as <c>caller</c>.</param>
    public sealed record CallBlock(Expression.Call Call, Macro Caller, int Line) : Statement(Line);

    public sealed record Macro(string Name, (string Name, Expression? Default)[] Parameters, Statement[] Body, int Line) : Statement(Line);

    /// <summary>The tag <c>generation</c>. It marks the assistant's words for training; a rendering only writes its content.</summary>
    public sealed record Group(Statement[] Body, int Line) : Statement(Line);

    /// <summary>A statement that is not supported. Reaching it is an error.</summary>
    public sealed record Refused(string Reason, int Line) : Statement(Line);

    public sealed record Break(int Line) : Statement(Line);

    public sealed record Continue(int Line) : Statement(Line);
}
