namespace Meridian.Jinja.Texts;

/// <summary>Writes texts with some of their characters spelled otherwise.</summary>
internal static class Escapes
{
    /// <summary>Appends a text. An escape has the origin of the character that it stands for.</summary>
    /// <param name="escape">The spelling of a character, or null where it stays.</param>
    public static void Append(TrackedBuilder written, TrackedText text, Func<char, string?> escape)
    {
        var copied = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (escape(text.Value[i]) is not { } spelled)
                continue;
            written.Append(text, copied, i - copied).Append(spelled, text.IsOfTemplate(i));
            copied = i + 1;
        }

        written.Append(text, copied, text.Length - copied);
    }
}
