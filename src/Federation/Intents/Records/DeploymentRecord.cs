using MessagePack;

namespace Meridian.Federation.Intents.Records;

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
