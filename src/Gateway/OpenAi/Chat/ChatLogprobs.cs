using Meridian.Gateway.Http;
using Meridian.Gateway.OpenAi.Generation.Answers;
using Meridian.Messages;

namespace Meridian.Gateway.OpenAi.Chat;

/// <summary>Log probabilities in the format of chat completions: one object for each token.</summary>
internal static class ChatLogprobs
{
    /// <summary>Maximum size of the object of one token, bytes.</summary>
    public static int Bound(TokenLogprob token)
    {
        var bound = EntryBound(token) + 24;
        foreach (var alternative in token.Top)
        {
            bound += EntryBound(alternative);
        }

        return bound;
    }

    /// <summary>Maximum size of the objects of several tokens, bytes.</summary>
    public static int Bound(TokenLogprob[]? tokens)
    {
        var bound = 0;
        foreach (var token in tokens ?? [])
        {
            bound += Bound(token);
        }

        return bound;
    }

    public static void Write(ref JsonCursor cursor, TokenLogprob token)
    {
        Entry(ref cursor, token);
        cursor.Raw(",\"top_logprobs\":["u8);
        for (var i = 0; i < token.Top.Length; i++)
        {
            if (i > 0)
            {
                cursor.Raw(","u8);
            }

            Entry(ref cursor, token.Top[i]);
            cursor.Raw("}"u8);
        }

        cursor.Raw("]}"u8);
    }

    private static int EntryBound(TokenLogprob token) => 64 + ShortestFloat.MaxLength + TokenText.Bound(token.Bytes.Length) + (token.Bytes.Length * 4);

    private static void Entry(ref JsonCursor cursor, TokenLogprob token)
    {
        cursor.Raw("{\"token\":"u8);
        TokenText.Write(ref cursor, token.Bytes, default);
        cursor.Raw(",\"logprob\":"u8);
        TokenText.Logprob(ref cursor, token.Logprob);
        cursor.Raw(",\"bytes\":["u8);
        for (var i = 0; i < token.Bytes.Length; i++)
        {
            if (i > 0)
            {
                cursor.Raw(","u8);
            }

            cursor.Number(token.Bytes[i]);
        }

        cursor.Raw("]"u8);
    }
}
