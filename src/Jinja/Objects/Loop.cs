using Meridian.Jinja.Texts;

namespace Meridian.Jinja.Objects;

/// <summary>The variable <c>loop</c>.</summary>
internal sealed class Loop(object?[] items)
{
    private object?[]? _last;

    public int Index { get; set; }

    public object? Member(string name) => name switch
    {
        "index" => (long)Index + 1,
        "index0" => (long)Index,
        "revindex" => (long)items.Length - Index,
        "revindex0" => (long)items.Length - Index - 1,
        "first" => Index == 0,
        "last" => Index == items.Length - 1,
        "length" => (long)items.Length,

        // The depth counts recursive calls of a loop, not the enclosing loops. This implementation has no recursive loops, so the depth is always 1.
        "depth" => 1L,
        "depth0" => 0L,
        "previtem" => Index > 0 ? items[Index - 1] : new Undefined("loop.previtem"),
        "nextitem" => Index < items.Length - 1 ? items[Index + 1] : new Undefined("loop.nextitem"),
        "cycle" or "changed" => new MethodValue(this, name),
        _ => new Undefined($"loop.{name}"),
    };

    public object? Call(string name, CallArguments arguments, Budget budget)
    {
        if (name == "changed")
        {
            var changed = _last is null || !Values.AreEqual(_last, arguments.Positional, budget);
            _last = arguments.Positional;
            return changed;
        }

        return arguments.Positional.Length > 0
            ? arguments.Positional[Index % arguments.Positional.Length]
            : throw new TemplateFailure("loop.cycle() wants values");
    }
}
