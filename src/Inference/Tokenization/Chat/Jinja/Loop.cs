namespace Meridian.Inference.Tokenization.Chat.Jinja;

/// <summary>The variable <c>loop</c>.</summary>
internal sealed class Loop(object?[] items, int depth)
{
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
        "depth" => (long)depth,
        "depth0" => (long)depth - 1,
        "previtem" => Index > 0 ? items[Index - 1] : new Undefined("loop.previtem"),
        "nextitem" => Index < items.Length - 1 ? items[Index + 1] : new Undefined("loop.nextitem"),
        _ => throw new TemplateFailure($"loop.{name} is not supported"),
    };
}
