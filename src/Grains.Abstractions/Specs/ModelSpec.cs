using MessagePack;
using RangeAttribute = System.ComponentModel.DataAnnotations.RangeAttribute;

namespace Meridian.Specs;

/// <summary>
/// What a model is: the record <c>model</c> of the intent log, named as callers name the model. The log, its projection, the catalogue of a region and the engine share
/// this type. Keys 0 to 2 are those of the first builds; later keys are missing in older records.
/// </summary>
[MessagePackObject]
public sealed record ModelSpec
{
    /// <value>The model's task: <c>embedding</c> or <c>generation</c>.</value>
    [Key(0)] public required string Kind { get; init; }

    /// <value>Maker of the model, shown by <c>/v1/models</c>.</value>
    [Key(1)] public required string OwnedBy { get; init; }

    /// <value>Time of creation, unix seconds.</value>
    [Key(2)] public long Created { get; init; }

    /// <value>The known versions, or null: a region serves what its model store holds.</value>
    [Key(3)] public VersionSpec[]? Versions { get; init; }

    /// <value>How the engines run; null for the defaults.</value>
    [Key(4)] public EngineSettings? Engine { get; init; }

    /// <value>What one request may ask for; null for no limits beyond the model's own.</value>
    [Key(5)] public RequestLimits? Limits { get; init; }

    /// <value>How requests are routed. For a null value the record <c>policy</c> of the model applies, then the one named <c>default</c>, then the setting of the edge.</value>
    [Key(6)] public RoutingSpec? Routing { get; init; }

    /// <value>Where the record comes from: <c>configuration</c>, or null for an operator.</value>
    [Key(7)] public string? Origin { get; init; }
}

/// <summary>A version of a model: an immutable set of files for each variant.</summary>
[MessagePackObject]
public sealed record VersionSpec
{
    /// <value>The version as the package's manifest names it, for example <c>v2@9f3c1a20</c>.</value>
    [Key(0)] public required string Name { get; init; }

    /// <value>The variants with their files. Never empty.</value>
    [Key(1)] public required VariantSpec[] Variants { get; init; }
}

/// <summary>A variant (precision) of a version.</summary>
[MessagePackObject]
public sealed record VariantSpec
{
    /// <value>For example <c>fp32</c>.</value>
    [Key(0)] public required string Name { get; init; }

    /// <value>SHA-256 of the package's <c>manifest.json</c>, 64 lower-case hexadecimal digits. A region serves the variant from a package with this manifest alone.</value>
    [Key(1)] public required string Manifest { get; init; }
}

/// <summary>What one request to a model may ask for. A null value sets no limit.</summary>
[MessagePackObject]
public sealed record RequestLimits
{
    /// <value>Most texts of an embedding request, 1 to 2048.</value>
    [Key(0), Range(1, 2048)] public int? MaxItems { get; init; }

    /// <value>Most tokens that one choice of a generation may have, 1 to 1048576. A request that asks for more is refused; one that names no number gets at most these.</value>
    [Key(1), Range(1, 1 << 20)] public int? MaxOutputTokens { get; init; }
}

/// <summary>How requests for a model are routed.</summary>
[MessagePackObject]
public sealed record RoutingSpec
{
    /// <value>Name of a routing policy, for example <c>expected-completion</c>, or null.</value>
    [Key(0)] public string? Policy { get; init; }

    /// <value>Time without an answer, ms, 0 to 600000, after which a request that is not streamed is also sent to a second region; 0 for never.</value>
    [Key(1), Range(0, 600_000)] public int? HedgeAfterMs { get; init; }
}
