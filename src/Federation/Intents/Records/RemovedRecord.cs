using MessagePack;

namespace Meridian.Federation.Intents.Records;

/// <summary>Says that an operator removed a region: it does not come back by starting again.</summary>
[MessagePackObject]
public sealed record RemovedRecord
{
    /// <value>Who removed it.</value>
    [Key(0)] public required string By { get; init; }

    /// <value>When, unix ms.</value>
    [Key(1)] public long UnixMs { get; init; }
}
