using MessagePack;

namespace Meridian.Messages;

/// <summary>
/// One inference as it travels from an edge to a region and on to a shard. Requests are idempotent by <see cref="RequestId"/>;
/// only the entry edge retries: its own budget of attempts and <see cref="Hops"/> bound what a request can cost.
/// </summary>
[GenerateSerializer, Immutable, Alias("meridian.InferRequest"), MessagePackObject]
public sealed record InferRequest
{
    /// <summary>Regions that a request may pass through: only the edge where it entered sends it on.</summary>
    public const int MaxHops = 1;

    /// <value>Unique id, the caller's <c>x-request-id</c> or one the edge drew.</value>
    [Id(0), Key(0)] public required string RequestId { get; init; }

    /// <value>Model name as the caller wrote it, for example <c>minilm</c>.</value>
    [Id(1), Key(1)] public required string Model { get; init; }

    /// <value>Version that must serve, or null for the deployment's choice.</value>
    [Id(2), Key(2)] public string? Version { get; init; }

    /// <value>Variant (precision) that must serve, or null for the deployment's choice.</value>
    [Id(3), Key(3)] public string? Variant { get; init; }

    /// <value>Time left of the caller's deadline when this message was sent, in ms. Relative, so clocks need not agree.</value>
    [Id(4), Key(4)] public required int RemainingMs { get; init; }

    /// <value>Number of attempts that the entry edge may still make after this one. It is for information only: no region acts on it.</value>
    [Id(5), Key(5)] public int AttemptsLeft { get; init; }

    /// <value>Regions this request has passed through. A region refuses a request with more than <see cref="MaxHops"/>.</value>
    [Id(6), Key(6)] public int Hops { get; init; }

    /// <value>Tenant on whose behalf the request runs.</value>
    [Id(7), Key(7)] public string Tenant { get; init; } = "default";

    /// <value>Jurisdictions the data may enter, or null for no restriction. The serving region checks it again.</value>
    [Id(8), Key(8)] public string[]? Residency { get; init; }

    /// <value>What to compute.</value>
    [Id(9), Key(9)] public required InferInput Input { get; init; }

    /// <value>
    /// Id of the stream that this request opens; null for other requests. The reader of the stream draws the id in the serving region, so that the stream can be found
    /// if its reader has gone before the answer came.
    /// </value>
    [Id(10), Key(10)] public Guid? Stream { get; init; }

    /// <value>Names of the regions that may serve, or null for no restriction by name. It applies together with <see cref="Residency"/>. The serving region checks it again.</value>
    [Id(11), Key(11)] public string[]? PermittedRegions { get; init; }

    /// <value>The caller's <c>service_tier</c>: <c>flex</c> for work that can wait and wants the least price; null and any other for ordinary work.</value>
    [Id(12), Key(12)] public string? Tier { get; init; }

    /// <value>Requests with the same text here are best served by the same replica: a conversation's id or the caller's <c>prompt_cache_key</c>; null: the prompt's beginning decides.</value>
    [Id(13), Key(13)] public string? Affinity { get; init; }

    /// <value>
    /// Requests of a tenant with the same text here get the same version of a model that has several: the conversation's id, the caller's <c>prompt_cache_key</c> or
    /// <c>user</c>; null: the first user message decides.
    /// </value>
    [Id(14), Key(14)] public string? VersionKey { get; init; }

    /// <value>Replicas of the serving region that have failed this request and are not asked again, or null. An older region ignores this.</value>
    [Id(15), Key(15)] public string[]? ExcludedReplicas { get; init; }
}
