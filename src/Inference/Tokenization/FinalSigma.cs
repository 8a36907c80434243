using System.Globalization;
using System.Text;

namespace Meridian.Inference.Tokenization;

/// <summary>
/// Lower-cases the capital sigma (Σ) by its place in the word: ς at the end of a word, σ elsewhere. BERT's own tokenizer (Python's <c>str.lower</c>) and
/// JavaScript do the same. The native library lower-cases each character by itself and only produces σ. Σ is the only character for which the results differ.
/// Without this class a Greek word in capitals would get other tokens than the same word in small letters.
/// </summary>
/// <remarks>Final_Sigma of The Unicode Standard, 3.13, table 3-17.</remarks>
internal static class FinalSigma
{
    private const char Capital = '\u03A3';
    private const char Small = '\u03C3';
    private const char Final = '\u03C2';

    public static string Lower(string text)
    {
        var at = text.IndexOf(Capital, StringComparison.Ordinal);
        if (at < 0)
            return text;
        var lowered = text.ToCharArray();
        for (; at >= 0; at = text.IndexOf(Capital, at + 1))
            lowered[at] = IsCased(Before(text, at)) && !IsCased(After(text, at + 1)) ? Final : Small;
        return new string(lowered);
    }

    /// <summary>The nearest preceding character that is not ignorable, or null.</summary>
    private static Rune? Before(string text, int end)
    {
        while (end > 0 && Rune.DecodeLastFromUtf16(text.AsSpan(0, end), out var rune, out var length) == System.Buffers.OperationStatus.Done)
        {
            if (!IsIgnorable(rune))
                return rune;
            end -= length;
        }

        return null;
    }

    private static Rune? After(string text, int start)
    {
        while (start < text.Length && Rune.DecodeFromUtf16(text.AsSpan(start), out var rune, out var length) == System.Buffers.OperationStatus.Done)
        {
            if (!IsIgnorable(rune))
                return rune;
            start += length;
        }

        return null;
    }

    // Cased: letters with case, and the characters of Other_Lowercase and Other_Uppercase that are not ignorable.
    private static bool IsCased(Rune? rune) => rune is { } r
        && (Rune.GetUnicodeCategory(r) is UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter
            || r.Value is 0xAA or 0xBA or (>= 0x2160 and <= 0x217F) or (>= 0x24B6 and <= 0x24E9) or (>= 0x1F130 and <= 0x1F149) or (>= 0x1F150 and <= 0x1F169) or (>= 0x1F170 and <= 0x1F189));

    // Case_Ignorable: marks, format characters, modifiers, and the punctuation that occurs inside words. BERT removes control characters before it lower-cases,
    // so they do not separate words either. Tabs and line ends become spaces, so they do separate words.
    private static bool IsIgnorable(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Format or UnicodeCategory.ModifierLetter or UnicodeCategory.ModifierSymbol => true,
        UnicodeCategory.Control => rune.Value is not ('\t' or '\n' or '\r'),
        _ => rune.Value is '\'' or '.' or ':' or '\u00B7' or '\u0387' or '\u055F' or '\u05F4' or '\u2018' or '\u2019' or '\u2024' or '\u2027'
            or '\uFE13' or '\uFE52' or '\uFE55' or '\uFF07' or '\uFF0E' or '\uFF1A',
    };
}
