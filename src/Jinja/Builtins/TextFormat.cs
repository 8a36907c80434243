using System.Globalization;
using Meridian.Jinja.Objects;
using Meridian.Jinja.Texts;

namespace Meridian.Jinja.Builtins;

/// <summary>
/// Python's <c>str.format</c>: fields by position and name, their members and items, <c>!r</c> and <c>!s</c>, and format specifications for texts and numbers.
/// </summary>
internal static class TextFormat
{
    public static TrackedText Format(TrackedText format, CallArguments arguments, Budget budget)
    {
        var written = new TrackedBuilder();
        var source = format.Value;
        var next = 0;
        for (var at = 0; at < source.Length; at++)
        {
            budget.Step();
            var sign = source[at];
            if (sign is not ('{' or '}'))
            {
                var end = source.AsSpan(at).IndexOfAny('{', '}') is >= 0 and var length ? at + length : source.Length;
                written.Append(format, at, end - at);
                at = end - 1;
            }
            else if (at + 1 < source.Length && source[at + 1] == sign)
            {
                written.Append(format, at++, 1);
            }
            else if (sign == '}')
            {
                throw new TemplateFailure("format() finds a single '}'");
            }
            else
            {
                var end = source.IndexOf('}', at);
                if (end < 0)
                    throw new TemplateFailure("format() finds a '{' without '}'");
                var text = Field(source[(at + 1)..end], arguments, ref next, budget);

                // If the caller wrote the field, the caller chose digits, fill and width. So all text of the field belongs to the caller.
                if (!format[at..(end + 1)].IsWhollyOfTemplate)
                    text = TrackedText.OfCaller(text.Value);
                budget.Adds(written.Length, text.Length);
                written.Append(text);
                at = end;
            }
        }

        return budget.Text(written.Build());
    }

    // name[!conversion][:specification]
    private static TrackedText Field(string field, CallArguments arguments, ref int next, Budget budget)
    {
        if (field.Contains('{', StringComparison.Ordinal))
            throw new TemplateFailure("a field within a field of format() is not supported");
        var colon = field.IndexOf(':', StringComparison.Ordinal);
        var specification = colon < 0 ? "" : field[(colon + 1)..];
        var name = colon < 0 ? field : field[..colon];
        var mark = name.IndexOf('!', StringComparison.Ordinal);
        var conversion = mark < 0 ? "" : name[(mark + 1)..];
        var value = Value(mark < 0 ? name : name[..mark], arguments, ref next, budget);
        value = conversion switch
        {
            "" => value,
            "s" => Values.Text(value, budget),
            "r" => Values.Shown(value, budget),
            _ => throw new TemplateFailure($"format() does not know the conversion '!{conversion}'"),
        };
        return FormatSpecification.Apply(specification, value, budget);
    }

    private static object? Value(string path, CallArguments arguments, ref int next, Budget budget)
    {
        var end = path.AsSpan().IndexOfAny('.', '[');
        var first = end < 0 ? path : path[..end];
        object? value;
        if (first.Length == 0)
            value = Position(next++);
        else if (int.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out var position))
            value = Position(position);
        else
            value = Array.Exists(arguments.Named, a => a.Name == first) ? Array.Find(arguments.Named, a => a.Name == first).Value : throw new TemplateFailure($"format() is not given '{first}'");

        var at = first.Length;
        while (at < path.Length)
        {
            var isItem = path[at] == '[';
            var stop = isItem ? path.IndexOf(']', at) : path.AsSpan(at + 1).IndexOfAny('.', '[') is >= 0 and var length ? at + 1 + length : path.Length;
            if (stop < 0)
                throw new TemplateFailure("format() finds a '[' without ']'");
            var part = path[(at + 1)..stop];
            value = !isItem
                ? Sequences.Member(value, part, budget)
                : Sequences.Item(value, long.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var index) ? index : TrackedText.OfTemplate(part), budget);
            at = isItem ? stop + 1 : stop;
        }

        return value;

        object? Position(int index) => index < arguments.Positional.Length
            ? arguments.Positional[index]
            : throw new TemplateFailure($"format() is given {arguments.Positional.Length} values and wants number {index}");
    }
}
