using Meridian.Gateway.Http;
using Meridian.Gateway.OpenAi.Generation.Answers;
using Meridian.Messages;

namespace Meridian.Gateway.OpenAi.Completions;

/// <summary>Log probabilities in the format of completions: four parallel arrays.</summary>
internal static class LegacyLogprobs
{
    /// <summary>Maximum size of one token in the four arrays together, including commas, bytes.</summary>
    public static int Bound(TokenLogprob token)
    {
        var bound = (2 * EntryBound(token)) + 32;
        foreach (var alternative in token.Top)
        {
            bound += EntryBound(alternative);
        }

        return bound;
    }

    public static int Bound(TokenLogprob[]? tokens)
    {
        var bound = 96;
        foreach (var token in tokens ?? [])
        {
            bound += Bound(token);
        }

        return bound;
    }

    /// <summary>Writes the log probabilities of a few tokens.</summary>
    /// <param name="cursor">Must have room for <see cref="Bound(TokenLogprob[])"/> bytes.</param>
    /// <param name="tokens">Consecutive tokens.</param>
    /// <param name="offset">Number of characters of the choice before these tokens. It is advanced.</param>
    public static void Write(ref JsonCursor cursor, TokenLogprob[] tokens, ref int offset)
    {
        cursor.Raw("{\"tokens\":["u8);
        for (var i = 0; i < tokens.Length; i++)
        {
            Separate(ref cursor, i);
            Token(ref cursor, tokens[i]);
        }

        cursor.Raw("],\"token_logprobs\":["u8);
        for (var i = 0; i < tokens.Length; i++)
        {
            Separate(ref cursor, i);
            TokenText.Logprob(ref cursor, tokens[i].Logprob);
        }

        cursor.Raw("],\"top_logprobs\":["u8);
        for (var i = 0; i < tokens.Length; i++)
        {
            Separate(ref cursor, i);
            Top(ref cursor, tokens[i]);
        }

        cursor.Raw("],\"text_offset\":["u8);
        for (var i = 0; i < tokens.Length; i++)
        {
            Separate(ref cursor, i);
            Offset(ref cursor, tokens[i], ref offset);
        }

        cursor.Raw("]}"u8);
    }

    public static void Separate(ref JsonCursor cursor, int index)
    {
        if (index > 0)
        {
            cursor.Raw(","u8);
        }
    }

    public static void Token(ref JsonCursor cursor, TokenLogprob token) => TokenText.Write(ref cursor, token.Bytes, "bytes:"u8);

    /// <summary>Writes the most probable tokens, and the chosen token if it is not one of them.</summary>
    public static void Top(ref JsonCursor cursor, TokenLogprob token)
    {
        cursor.Raw("{"u8);
        var chosen = false;
        for (var i = 0; i < token.Top.Length; i++)
        {
            Separate(ref cursor, i);
            Entry(ref cursor, token.Top[i]);
            chosen |= token.Top[i].TokenId == token.TokenId;
        }

        if (!chosen)
        {
            Separate(ref cursor, token.Top.Length);
            Entry(ref cursor, token);
        }

        cursor.Raw("}"u8);
    }

    /// <summary>Writes where a token begins, in characters (code points). A token that only continues a character begins after that character.</summary>
    public static void Offset(ref JsonCursor cursor, TokenLogprob token, ref int offset)
    {
        cursor.Number(offset);
        foreach (var value in token.Bytes)
        {
            offset += (value & 0xC0) == 0x80 ? 0 : 1;
        }
    }

    private static int EntryBound(TokenLogprob token) => 24 + ShortestFloat.MaxLength + TokenText.Bound(token.Bytes.Length);

    private static void Entry(ref JsonCursor cursor, TokenLogprob token)
    {
        Token(ref cursor, token);
        cursor.Raw(":"u8);
        TokenText.Logprob(ref cursor, token.Logprob);
    }
}
