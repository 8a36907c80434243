namespace Meridian.Jinja.Objects;

/// <summary>The value that <c>namespace()</c> returns. It is the only value whose members a template may set, even from inside a loop.</summary>
internal sealed class Namespace
{
    public Dictionary<string, object?> Members { get; } = new(StringComparer.Ordinal);
}
