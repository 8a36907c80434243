using MessagePack;

namespace Meridian.Federation.Intents.Records;

/// <summary>Says that the log has taken over what configuration stated: members that configuration names are not added again.</summary>
[MessagePackObject]
public sealed record InstallationRecord
{
    /// <value>Region whose configuration was taken.</value>
    [Key(0)] public required string SeededBy { get; init; }

    /// <value>When, unix ms.</value>
    [Key(1)] public long SeededUnixMs { get; init; }
}
