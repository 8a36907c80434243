namespace Meridian.Inference.Engines.Generation.Contract;

/// <summary>The answer to a request: a stream, or the reason why the request was refused.</summary>
public sealed record GenerationAdmission
{
    public required GenerationStatus Status { get; init; }

    /// <value>Set if the request was admitted, else null.</value>
    public IGenerationStream? Stream { get; init; }

    /// <value>For a refusal: what is wrong, the wrong value, and what to do. Null if admitted.</value>
    public string? Message { get; init; }

    /// <value>For a refusal: name of the wrong request field as in OpenAI's API, for example <c>max_tokens</c>.</value>
    public string? Param { get; init; }

    /// <value>With <see cref="GenerationStatus.QueueFull"/>: time until there is likely room again, ms.</value>
    public int RetryAfterMs { get; init; }
}
