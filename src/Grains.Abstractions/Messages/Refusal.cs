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

    /// <value>Time after which the caller may try again, ms; 0 if waiting does not help.</value>
    [Id(3), Key(3)] public int RetryAfterMs { get; init; }

    /// <value>
    /// The replica that failed the request, while its region is well; else null. <see cref="Code"/> says how: full, or lost and not ready. An older edge
    /// ignores this and goes to another region.
    /// </value>
    [Id(4), Key(4)] public string? Replica { get; init; }

    /// <value>
    /// Whether the same region can serve the request with another replica or through another gateway. The edge then sends it there again, without
    /// <see cref="Replica"/>.
    /// </value>
    [Id(5), Key(5)] public bool Again { get; init; }
}

/// <summary>Reasons to refuse. The numbers are wire format: never renumber.</summary>
public enum RefusalCode
{
    /// <summary>The caller's input is wrong; no other region would take it. HTTP 400.</summary>
    InvalidInput = 1,

    /// <summary>An item is longer than the model's limit. HTTP 400 <c>context_length_exceeded</c>.</summary>
    InputTooLong = 2,

    /// <summary>No such model. HTTP 404 <c>model_not_found</c>.</summary>
    ModelNotFound = 3,

    /// <summary>Queues are full here; another region may have room. HTTP 503 <c>no_capacity</c> with <c>retry-after</c>.</summary>
    NoCapacity = 4,

    /// <summary>The model is known but has no ready replica here. Retried elsewhere, then HTTP 503 <c>no_capacity</c>.</summary>
    NotReady = 5,

    /// <summary>The region was lost or could not be reached while serving. Retried elsewhere, then HTTP 503 <c>region_unavailable</c>.</summary>
    RegionLost = 6,

    /// <summary>The caller's deadline passed. HTTP 504 <c>deadline</c>.</summary>
    Deadline = 7,

    /// <summary>No region in a permitted jurisdiction can serve. HTTP 503 <c>residency_unavailable</c>. Never relaxed.</summary>
    ResidencyUnavailable = 8,

    /// <summary>The caller went away.</summary>
    Cancelled = 9,

    /// <summary>A fault of ours. HTTP 500.</summary>
    Internal = 10,
}
