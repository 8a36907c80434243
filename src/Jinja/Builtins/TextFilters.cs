using System.Text;
using Meridian.Jinja.Objects;
using Meridian.Jinja.Texts;

namespace Meridian.Jinja.Builtins;

/// <summary>Jinja's text filters without a counterpart among Python's methods.</summary>
internal static class TextFilters
{
    /// <summary>Unlike in <c>str.title</c>, words begin only after white space, hyphens and opening brackets.</summary>
    public static TrackedText Title(TrackedText text)
    {
        var title = new StringBuilder(text.Length);
        var begins = true;
        foreach (var rune in text.Value.EnumerateRunes())
        {
            var separates = Rune.IsWhiteSpace(rune) || rune.Value is '-' or '(' or '{' or '[' or '<' or (>= 0x1c and <= 0x1f);
            title.Append(separates ? rune : begins ? Rune.ToUpperInvariant(rune) : Rune.ToLowerInvariant(rune));
            begins = separates;
        }

        return text.As(title.ToString());
    }

    public static TrackedText Escape(TrackedText text, Budget budget)
    {
        budget.Characters(text.Length * 5L);
        var escaped = new TrackedBuilder();
        Escapes.Append(escaped, text, character => character switch { '&' => "&amp;", '<' => "&lt;", '>' => "&gt;", '\'' => "&#39;", '"' => "&#34;", _ => null });
        return escaped.Build();
    }

    public static TrackedText Indent(TrackedText text, CallArguments arguments, Budget budget)
    {
        arguments.Check("indent", 0, "width", "first", "blank");
        var margin = arguments.Get(0, "width", 4L) as TrackedText ?? TrackedText.OfTemplate(new string(' ', (int)Math.Clamp(arguments.Integer(0, "width", 4), 0, 1000)));
        var (first, blank) = (arguments.Flag(1, "first", false), arguments.Flag(2, "blank", false));
        var indented = new TrackedBuilder();
        for (var begin = 0; begin <= text.Length;)
        {
            var end = text.Value.IndexOf('\n', begin) is >= 0 and var at ? at : text.Length;
            budget.Step();
            budget.Adds(indented.Length, (long)margin.Length + end - begin);
            if (begin == 0 ? first : end > begin || blank)
                indented.Append(margin);
            indented.Append(text, begin, Math.Min(end + 1, text.Length) - begin);
            begin = end + 1;
        }

        return indented.Build();
    }
}
