using MessagePack;

namespace Meridian.Intents.Records;

/// <summary>A model that callers may name.</summary>
[MessagePackObject]
public sealed record ModelRecord
{
    /// <value>What it does: <c>embedding</c> or <c>generation</c>.</value>
    [Key(0)] public required string Kind { get; init; }

    [Key(1)] public required string OwnedBy { get; init; }

    /// <value>When it was made, unix seconds.</value>
    [Key(2)] public long Created { get; init; }
}

/// <summary>A version of a model: an immutable set of files.</summary>
[MessagePackObject]
public sealed record VersionRecord
{
    /// <value>SHA-256 of the manifest, hexadecimal.</value>
    [Key(0)] public required string Manifest { get; init; }

    /// <value>Variants it is available in, for example <c>fp32</c>.</value>
    [Key(1)] public required string[] Variants { get; init; }

    [Key(2)] public long Created { get; init; }
}

/// <summary>Where a model is served.</summary>
[MessagePackObject]
public sealed record DeploymentRecord
{
    /// <value>Regions it is deployed to; null or empty means all.</value>
    [Key(0)] public string[]? Regions { get; init; }

    /// <value>Version that serves, or null for the newest installed.</value>
    [Key(1)] public string? Version { get; init; }

    /// <value>Variant that serves, or null for the package's first.</value>
    [Key(2)] public string? Variant { get; init; }
}

/// <summary>How requests for a model are routed; what is null is the edge's own setting.</summary>
[MessagePackObject]
public sealed record PolicyRecord
{
    /// <value>Name of a routing policy, for example <c>expected-completion</c>.</value>
    [Key(0)] public string? Routing { get; init; }

    /// <value>After how many ms without an answer a request that is not streamed is sent to a second region, too; 0 never.</value>
    [Key(1)] public int? HedgeAfterMs { get; init; }
}
