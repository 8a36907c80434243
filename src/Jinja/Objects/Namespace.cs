namespace Meridian.Jinja.Objects;

/// <summary>What <c>namespace()</c> gives: the one value whose members may be set, also from inside a loop.</summary>
internal sealed class Namespace
{
    public Dictionary<string, object?> Members { get; } = new(StringComparer.Ordinal);
}
