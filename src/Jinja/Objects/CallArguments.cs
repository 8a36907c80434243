using Meridian.Jinja.Texts;

namespace Meridian.Jinja.Objects;

/// <summary>Evaluated arguments of a filter, test, method or function.</summary>
internal readonly record struct CallArguments(object?[] Positional, (string Name, object? Value)[] Named)
{
    public static CallArguments None { get; } = new([], []);

    public int Count => Positional.Length + Named.Length;

    /// <summary>The argument with a position or a name; <paramref name="otherwise"/> if it is not given.</summary>
    public object? Get(int at, string name, object? otherwise)
    {
        if (at < Positional.Length)
            return Positional[at];
        foreach (var (given, value) in Named)
        {
            if (given == name)
                return value;
        }

        return otherwise;
    }

    public TrackedText Text(int at, string name) => Get(at, name, TrackedText.Empty) is TrackedText text
        ? text
        : throw new TemplateFailure($"the argument '{name}' is {Values.Kind(Get(at, name, null))}, not a string");

    public long Integer(int at, string name, long otherwise) => Values.Integer(Get(at, name, otherwise));

    public bool Flag(int at, string name, bool otherwise) => Values.IsTrue(Get(at, name, otherwise));

    /// <exception cref="TemplateFailure">The number of arguments is wrong, or the callee has no argument of a given name.</exception>
    public void Check(string callee, int least, params ReadOnlySpan<string> names)
    {
        if (Count < least || Positional.Length > names.Length)
            throw new TemplateFailure($"'{callee}' takes {(least == names.Length ? least : $"{least} to {names.Length}")} arguments, not {Count}");
        foreach (var (name, _) in Named)
        {
            if (!names.Contains(name))
                throw new TemplateFailure($"'{callee}' has no argument '{name}'");
        }
    }
}
