namespace Meridian.Jinja.Objects;

/// <summary>The visible names: those of a template, and those of each enclosing loop and macro.</summary>
internal sealed class Scope(Scope? outer)
{
    private readonly Dictionary<string, object?> _values = new(StringComparer.Ordinal);

    public void Set(string name, object? value) => _values[name] = value;

    public void Clear() => _values.Clear();

    public bool TryGet(string name, out object? value)
    {
        for (var scope = this; scope is not null; scope = scope.Outer)
        {
            if (scope._values.TryGetValue(name, out value))
                return true;
        }

        value = null;
        return false;
    }

    private Scope? Outer { get; } = outer;
}
