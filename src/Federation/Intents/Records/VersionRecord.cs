using MessagePack;

namespace Meridian.Federation.Intents.Records;

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
