using System.Text.Json.Serialization;
using MessagePack;
using RangeAttribute = System.ComponentModel.DataAnnotations.RangeAttribute;

namespace Meridian.Specs;

/// <summary>
/// Where and how a model is served: the record <c>deployment</c> of the intent log, named like the model. Keys 0 to 2 are those of the first builds; later keys are missing
/// in older records.
/// </summary>
[MessagePackObject]
public sealed record DeploymentSpec
{
    /// <summary>Most versions and variants that one deployment may have at once.</summary>
    public const int MaxWeights = 8;

    /// <value>Regions that serve the model; null or empty means all.</value>
    [Key(0)] public string[]? Regions { get; init; }

    /// <value>Version to serve, or null for the newest installed one. Has no effect beside <see cref="Weights"/>.</value>
    [Key(1)] public string? Version { get; init; }

    /// <value>Variant to serve, or null for the newest installed one. Has no effect beside <see cref="Weights"/>.</value>
    [Key(2)] public string? Variant { get; init; }

    /// <value>Versions and variants that are served at once, each with its share of the requests that name no version; null for one alone.</value>
    [Key(3)] public VersionWeight[]? Weights { get; init; }

    /// <value>Replicas of each version in each region until an operator scales the model there, 0 to 64. Null means 1.</value>
    [Key(4), Range(0, 64)] public int? Replicas { get; init; }

    /// <value>Text that changes which callers get which version. Callers keep their version while it stays the same.</value>
    [Key(5)] public string? Salt { get; init; }

    /// <value>Where the record comes from: <c>configuration</c>, or null for an operator.</value>
    [Key(6)] public string? Origin { get; init; }

    /// <value>The versions that a region is to serve, with their shares: <see cref="Weights"/>, or the single version.</value>
    [IgnoreMember, JsonIgnore]
    public VersionWeight[] Targets => Weights is { Length: > 0 } weights ? weights : [new VersionWeight { Version = Version, Variant = Variant, Weight = 1 }];

    /// <summary>Whether a region serves the model.</summary>
    public bool Serves(string region) => Regions is not { Length: > 0 } regions || Array.IndexOf(regions, region) >= 0;
}

/// <summary>A version and variant of a deployment, and its share of the requests.</summary>
[MessagePackObject]
public sealed record VersionWeight
{
    /// <value>Version to serve, or null for the newest installed one.</value>
    [Key(0)] public string? Version { get; init; }

    /// <value>Variant to serve, or null for the newest installed one.</value>
    [Key(1)] public string? Variant { get; init; }

    /// <value>Share of the requests relative to the other weights, 0 to 1000000. A version with weight 0 serves only requests that name it.</value>
    [Key(2), Range(0, 1_000_000)] public int Weight { get; init; }
}
