namespace Meridian.Inference.Engines.Generation.Contract;

/// <summary>A stream, or why there is none.</summary>
public sealed record GenerationAdmission
{
    public required GenerationStatus Status { get; init; }

    /// <value>Set where admitted.</value>
    public IGenerationStream? Stream { get; init; }

    /// <value>What was wrong, with which value, and what to do; null where admitted.</value>
    public string? Message { get; init; }

    /// <value>Request field at fault, in OpenAI's names, for example <c>max_tokens</c>.</value>
    public string? Param { get; init; }

    /// <value>With <see cref="GenerationStatus.QueueFull"/>: when there is likely room again, ms.</value>
    public int RetryAfterMs { get; init; }
}
