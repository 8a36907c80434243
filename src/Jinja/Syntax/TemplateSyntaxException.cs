namespace Meridian.Jinja.Syntax;

/// <summary>A template cannot be parsed. The message gives the line and the reason.</summary>
public sealed class TemplateSyntaxException(int line, string what) : Exception($"line {line}: {what}");
