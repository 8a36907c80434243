using MessagePack;

namespace Meridian.Intents.Records;

/// <summary>A model that callers may request.</summary>
[MessagePackObject]
public sealed record ModelRecord
{
    /// <value>The model's task: <c>embedding</c> or <c>generation</c>.</value>
    [Key(0)] public required string Kind { get; init; }

    [Key(1)] public required string OwnedBy { get; init; }

    /// <value>Time of creation, unix seconds.</value>
    [Key(2)] public long Created { get; init; }
}

/// <summary>A version of a model: an immutable set of files.</summary>
[MessagePackObject]
public sealed record VersionRecord
{
    /// <value>SHA-256 of the manifest, hexadecimal.</value>
    [Key(0)] public required string Manifest { get; init; }

    /// <value>The available variants, for example <c>fp32</c>.</value>
    [Key(1)] public required string[] Variants { get; init; }

    [Key(2)] public long Created { get; init; }
}

/// <summary>The regions, version and variant in which a model is served.</summary>
[MessagePackObject]
public sealed record DeploymentRecord
{
    /// <value>Regions that serve the model; null or empty means all.</value>
    [Key(0)] public string[]? Regions { get; init; }

    /// <value>Version to serve, or null for the newest installed one.</value>
    [Key(1)] public string? Version { get; init; }

    /// <value>Variant to serve, or null for the package's first one.</value>
    [Key(2)] public string? Variant { get; init; }
}

/// <summary>How requests for a model are routed. For a null value the edge's own setting applies.</summary>
[MessagePackObject]
public sealed record PolicyRecord
{
    /// <value>Name of a routing policy, for example <c>expected-completion</c>.</value>
    [Key(0)] public string? Routing { get; init; }

    /// <value>Time without an answer, ms, after which a request that is not streamed is also sent to a second region; 0 for never.</value>
    [Key(1)] public int? HedgeAfterMs { get; init; }
}
