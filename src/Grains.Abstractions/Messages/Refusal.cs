using MessagePack;

namespace Meridian.Messages;

/// <summary>Why a request was not served, in words that name the value and the remedy.</summary>
[GenerateSerializer, Immutable, Alias("meridian.Refusal"), MessagePackObject]
public sealed record Refusal
{
    [Id(0), Key(0)] public required RefusalCode Code { get; init; }

    /// <value>Says what was wrong, with which value, and what to do. Shown to the caller as it is.</value>
    [Id(1), Key(1)] public required string Message { get; init; }

    /// <value>Request field at fault, for example <c>input[3]</c>, or null.</value>
    [Id(2), Key(2)] public string? Param { get; init; }

    /// <value>When to come back, ms; 0 where waiting does not help.</value>
    [Id(3), Key(3)] public int RetryAfterMs { get; init; }
}
