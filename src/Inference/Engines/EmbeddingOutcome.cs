namespace Meridian.Inference.Engines;

/// <summary>The result of a call: vectors, or the reason why there are none.</summary>
public sealed record EmbeddingOutcome
{
    public required EmbeddingStatus Status { get; init; }

    /// <value>[Rows, Dimensions] float32 little-endian, row-major; empty unless <see cref="EmbeddingStatus.Done"/>.</value>
    public byte[] Vectors { get; init; } = [];

    public int Rows { get; init; }

    public int Dimensions { get; init; }

    /// <value>Number of computed tokens, including special tokens, summed over the items.</value>
    public int PromptTokens { get; init; }

    /// <value>Longest time that an item waited in the queue, ms.</value>
    public float QueueMs { get; init; }

    /// <value>Longest time that an item spent in a batch, ms.</value>
    public float ServiceMs { get; init; }

    /// <value>For a refusal: what is wrong, the wrong value, and what to do. Null when done.</value>
    public string? Message { get; init; }

    /// <value>For a refusal: name of the wrong field, for example <c>input[3]</c> or <c>dimensions</c>.</value>
    public string? Param { get; init; }

    /// <value>With <see cref="EmbeddingStatus.QueueFull"/>: time until there is likely room again, ms.</value>
    public int RetryAfterMs { get; init; }
}
