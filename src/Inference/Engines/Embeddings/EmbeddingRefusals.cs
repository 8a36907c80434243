using System.Globalization;
using Meridian.Inference.Tokenization;

namespace Meridian.Inference.Engines.Embeddings;

/// <summary>Builds refusals. Their messages say what is wrong, give the wrong value and tell what to do. Callers see them unchanged.</summary>
internal static class EmbeddingRefusals
{
    /// <summary>Returns a refusal that describes the first mistake of a request, or null if it is valid. Runs before anything is computed.</summary>
    public static EmbeddingOutcome? Check(EmbeddingWork work, int maxDimensions, int capacity, int vocabulary)
    {
        if (work.Dimensions is { } dimensions && (dimensions < 1 || dimensions > maxDimensions))
        {
            return Invalid(
                "dimensions", $"dimensions is {dimensions}; this model's vectors have {maxDimensions}. Ask for 1 to {maxDimensions}, or leave dimensions out for all.");
        }

        if (work.Texts is null == work.TokenIds is null)
            return Invalid("input", "input holds both texts and token ids, or neither. Send one of them.");
        var count = work.Texts?.Length ?? work.TokenIds!.Length;
        if (count == 0)
            return Invalid("input", "input is an empty list. Send at least one text or array of token ids.");
        if (count > capacity)
            return Invalid("input", $"input has {count} items; this engine's queue holds {capacity}, so they can never be admitted together. Send at most {capacity} in one request.");
        for (var i = 0; i < count; i++)
        {
            if (work.Texts is { } texts)
            {
                if (string.IsNullOrEmpty(texts[i]))
                    return Invalid(Param(i, count), $"{Param(i, count)} is an empty text. Leave it out or send some text.");
            }
            else if (CheckIds(work.TokenIds![i], i, count, vocabulary) is { } wrong)
            {
                return wrong;
            }
        }

        return null;
    }

    public static EmbeddingOutcome TooLong(int index, int count, TokenizedText tokens, int characters, int limit)
    {
        var length = tokens.Complete ? $"has {tokens.Ids.Length} tokens"
            : tokens.Ids.Length > limit ? $"has more than {tokens.Ids.Length - 1} tokens"
            : string.Create(CultureInfo.InvariantCulture, $"has {characters} characters, of which at most {TextTokenizer.MaxCharacters(limit)} are read");
        return TooLong(index, count, length, limit);
    }

    public static EmbeddingOutcome TooLong(int index, int count, int tokens, int limit) => TooLong(index, count, $"has {tokens} tokens", limit);

    private static EmbeddingOutcome TooLong(int index, int count, string length, int limit)
    {
        var param = Param(index, count);
        return new EmbeddingOutcome
        {
            Status = EmbeddingStatus.TooLong,
            Param = param,
            Message = $"{param} {length}, special tokens included; this model takes at most {limit}. Shorten or split it, or send \"truncate\": true to have it cut.",
        };
    }

    public static EmbeddingOutcome QueueFull(int count, int waiting, int capacity, int retryAfterMs) => new()
    {
        Status = EmbeddingStatus.QueueFull,
        RetryAfterMs = retryAfterMs,
        Message = $"The queue holds {waiting} of {capacity} items and has no room for {count} more. Try again in {retryAfterMs} ms, or send fewer at a time.",
    };

    private static EmbeddingOutcome? CheckIds(int[]? ids, int index, int count, int vocabulary)
    {
        var param = Param(index, count);
        if (ids is null or [])
            return Invalid(param, $"{param} is an empty array of token ids. Leave it out or send at least one id.");
        for (var i = 0; i < ids.Length; i++)
        {
            if ((uint)ids[i] >= (uint)vocabulary)
                return Invalid(param, $"{param} holds {ids[i]} at position {i}, which is no id of this model; its vocabulary has ids 0 to {vocabulary - 1}. Send ids of this model's tokenizer, or the text itself.");
        }

        return null;
    }

    private static EmbeddingOutcome Invalid(string param, string message) => new() { Status = EmbeddingStatus.Invalid, Param = param, Message = message };

    private static string Param(int index, int count) => count == 1 ? "input" : string.Create(CultureInfo.InvariantCulture, $"input[{index}]");
}
