namespace Meridian.Jinja.Texts;

/// <summary>A template that was read fails while it is rendered; where is added further out.</summary>
internal sealed class TemplateFailure(string what) : Exception(what);
