using Meridian.Inference.Engines;
using Meridian.Messages;

namespace Meridian.Grains.Shards;

/// <summary>Converts between the messages of the region and the types of the embedding engine.</summary>
internal static class EmbeddingReplies
{
    public static EmbeddingWork Work(EmbeddingInput input) => new()
    {
        Texts = input.Texts,
        TokenIds = input.TokenIds,
        Dimensions = input.Dimensions,
        Truncate = input.Truncate,
    };

    /// <summary>Characters or ids to process before the engine can queue the items: the cost of the synchronous part of a call.</summary>
    public static long Size(EmbeddingInput input)
    {
        long size = 0;
        if (input.Texts is { } texts)
        {
            foreach (var text in texts) size += text?.Length ?? 0;
        }
        else if (input.TokenIds is { } items)
        {
            // An id is only checked against the vocabulary, not tokenized: a sixteenth of the cost of a character.
            foreach (var ids in items) size += 1 + ((ids?.Length ?? 0) / 16);
        }

        return size;
    }

    public static InferReply Reply(EmbeddingOutcome outcome, string region, in ShardKey key) => outcome.Status switch
    {
        EmbeddingStatus.Done => InferReply.Of(new InferResult
        {
            Region = region,
            Model = key.Model,
            Version = key.Version,
            Variant = key.Variant,
            Output = new EmbeddingOutput
            {
                Rows = outcome.Rows,
                Dimensions = outcome.Dimensions,
                Vectors = outcome.Vectors,
                PromptTokens = outcome.PromptTokens,
            },
            QueueMs = outcome.QueueMs,
            ServiceMs = outcome.ServiceMs,
        }),
        EmbeddingStatus.TooLong => Refuse(outcome, RefusalCode.InputTooLong),
        EmbeddingStatus.Invalid => Refuse(outcome, RefusalCode.InvalidInput),
        EmbeddingStatus.QueueFull => Refuse(outcome, RefusalCode.NoCapacity),
        _ => InferReply.Refuse(RefusalCode.Internal, $"The engine of '{key.Model}' answered with status {outcome.Status}, which this build does not know."),
    };

    private static InferReply Refuse(EmbeddingOutcome outcome, RefusalCode code) =>
        InferReply.Refuse(code, outcome.Message ?? code.ToString(), outcome.Param, outcome.RetryAfterMs);
}
