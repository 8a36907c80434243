using System.Text.Unicode;
using Meridian.Gateway.Http;

namespace Meridian.Gateway.OpenAi.Generation.Answers;

/// <summary>
/// Writes the bytes of a token as a JSON string. Bytes that are only part of a character are spelled <c>\xe2\x82</c>, as OpenAI does. A replacement character
/// would carry no information and would be the same for many tokens.
/// </summary>
internal static class TokenText
{
    /// <summary>Maximum number of bytes that are written.</summary>
    public static int Bound(int bytes) => (bytes * 6) + 16;

    /// <param name="cursor">Must have room for <see cref="Bound"/> bytes.</param>
    /// <param name="utf8">The bytes of the token.</param>
    /// <param name="mark">Written before bytes that are spelled out.</param>
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

    /// <summary>Writes a natural logarithm. JSON has no infinity or NaN; such a value means probability zero and is written as <c>-9999.0</c>.</summary>
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
