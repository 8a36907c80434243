using Meridian.Jinja.Texts;

namespace Meridian.Jinja.Objects;

/// <summary>Python's <c>dict</c>: keeps the order of insertion. Any immutable value can be a key.</summary>
public sealed class Mapping : OrderedDictionary<MappingKey, object?>
{
    public object? this[string name]
    {
        set => this[new MappingKey(TrackedText.OfTemplate(name))] = value;
    }

    /// <exception cref="TemplateFailure">The value cannot be a key.</exception>
    internal static MappingKey Key(object? value, Budget budget) => value switch
    {
        TrackedText text => new MappingKey(budget.Text(text)),
        null or bool or long or double => new MappingKey(value),
        _ => throw new TemplateFailure($"{Objects.Values.Kind(value)} cannot be a key of a mapping"),
    };

    /// <summary>Looks up a key. A value that cannot be a key is an error, as in Python.</summary>
    internal bool TryGet(object? key, Budget budget, out object? value) => TryGetValue(Key(key, budget), out value);
}

/// <summary>A key that compares as in Python: <c>1</c>, <c>1.0</c> and <c>true</c> are equal.</summary>
public readonly struct MappingKey(object? value) : IEquatable<MappingKey>
{
    public object? Value { get; } = value;

    public bool Equals(MappingKey other) => (Value, other.Value) switch
    {
        (TrackedText a, TrackedText b) => a.Equals(b),
        (long a, long b) => a == b,
        (null, null) => true,
        _ => Values.TryNumber(Value, out var a) && Values.TryNumber(other.Value, out var b) && a.Equals(b),
    };

    public override bool Equals(object? obj) => obj is MappingKey other && Equals(other);

    public static bool operator ==(MappingKey left, MappingKey right) => left.Equals(right);

    public static bool operator !=(MappingKey left, MappingKey right) => !left.Equals(right);

    public override int GetHashCode() => Value is TrackedText text ? text.GetHashCode() : Values.TryNumber(Value, out var number) ? number.GetHashCode() : 0;
}
