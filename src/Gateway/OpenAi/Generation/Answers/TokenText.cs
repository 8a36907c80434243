using System.Text.Unicode;
using Meridian.Gateway.Http;

namespace Meridian.Gateway.OpenAi.Generation.Answers;

/// <summary>
/// Writes a token's bytes as a text. Those that are only part of a character are spelled <c>\xe2\x82</c>, as OpenAI does: a replacement character would say
/// nothing, and would be the same for many tokens.
/// </summary>
internal static class TokenText
{
    /// <summary>Most bytes that are written.</summary>
    public static int Bound(int bytes) => (bytes * 6) + 16;

    /// <param name="cursor">Takes at most <see cref="Bound"/>.</param>
    /// <param name="utf8">The token.</param>
    /// <param name="mark">Written before the spelling of bytes.</param>
    public static void Write(ref JsonCursor cursor, ReadOnlySpan<byte> utf8, ReadOnlySpan<byte> mark)
    {
        cursor.Raw("\""u8);
        if (Utf8.IsValid(utf8))
        {
            cursor.Escaped(utf8);
        }
        else
        {
            cursor.Raw(mark);
            foreach (var value in utf8)
            {
                cursor.Raw("\\\\x"u8);
                cursor.Hex(value);
            }
        }

        cursor.Raw("\""u8);
    }

    /// <summary>A natural logarithm. What JSON cannot carry is a probability of zero.</summary>
    public static void Logprob(ref JsonCursor cursor, float logprob)
    {
        if (float.IsFinite(logprob))
        {
            cursor.Advance(ShortestFloat.Write(logprob, cursor.Rest));
        }
        else
        {
            cursor.Raw("-9999.0"u8);
        }
    }
}
