namespace Meridian.Jinja.Syntax;

/// <summary>A template cannot be read; the message says in which line and what.</summary>
public sealed class TemplateSyntaxException(int line, string what) : Exception($"line {line}: {what}");
