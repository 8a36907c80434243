using Meridian.Specs;
using MessagePack;

namespace Meridian.Intents.Records;

/// <summary>
/// A version of a model, as the builds before <see cref="ModelSpec.Versions"/> wrote it. The record's name is <c>model/version</c>. It is read for ever; the versions of the
/// model's own record come first.
/// </summary>
[MessagePackObject]
public sealed record VersionRecord
{
    /// <value>SHA-256 of the manifest, hexadecimal.</value>
    [Key(0)] public required string Manifest { get; init; }

    /// <value>The available variants, for example <c>fp32</c>.</value>
    [Key(1)] public required string[] Variants { get; init; }

    [Key(2)] public long Created { get; init; }
}

/// <summary>
/// How requests are routed: of the model that it is named after, or, with the name <c>default</c>, of all models without a policy of their own. For a null value the
/// edge's own setting applies. The <see cref="ModelSpec.Routing"/> of a model comes first.
/// </summary>
[MessagePackObject]
public sealed record PolicyRecord
{
    /// <value>Name of a routing policy, for example <c>expected-completion</c>.</value>
    [Key(0)] public string? Routing { get; init; }

    /// <value>Time without an answer, ms, after which a request that is not streamed is also sent to a second region; 0 for never.</value>
    [Key(1)] public int? HedgeAfterMs { get; init; }
}
