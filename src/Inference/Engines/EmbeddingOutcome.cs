namespace Meridian.Inference.Engines;

/// <summary>Vectors, or why there are none.</summary>
public sealed record EmbeddingOutcome
{
    public required EmbeddingStatus Status { get; init; }

    /// <value>[Rows, Dimensions] float32 little-endian, row-major; empty unless <see cref="EmbeddingStatus.Done"/>.</value>
    public byte[] Vectors { get; init; } = [];

    public int Rows { get; init; }

    public int Dimensions { get; init; }

    /// <value>Tokens run, special tokens included, summed over the items.</value>
    public int PromptTokens { get; init; }

    /// <value>Longest wait of an item in the queue, ms.</value>
    public float QueueMs { get; init; }

    /// <value>Longest time of an item in a batch, ms.</value>
    public float ServiceMs { get; init; }

    /// <value>What was wrong, with which value, and what to do; null when done.</value>
    public string? Message { get; init; }

    /// <value>Field at fault, for example <c>input[3]</c> or <c>dimensions</c>.</value>
    public string? Param { get; init; }

    /// <value>With <see cref="EmbeddingStatus.QueueFull"/>: when there is likely room again, ms.</value>
    public int RetryAfterMs { get; init; }
}
