namespace Meridian.Jinja.Texts;

/// <summary>Writes texts in which some characters are escaped.</summary>
internal static class Escapes
{
    /// <summary>Appends a text. An escape has the origin of the character that it stands for.</summary>
    /// <param name="escape">Returns the escape of a character, or null if the character needs none.</param>
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
