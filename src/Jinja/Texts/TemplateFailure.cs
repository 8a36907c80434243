namespace Meridian.Jinja.Texts;

/// <summary>The rendering of a parsed template failed. Callers further up add the line.</summary>
internal sealed class TemplateFailure(string what) : Exception(what);
