using MessagePack;

namespace Meridian.Intents.Records;

/// <summary>Says that the log has taken over what configuration stated: members that configuration names are not added again.</summary>
[MessagePackObject]
public sealed record InstallationRecord
{
    /// <value>Region whose configuration was taken.</value>
    [Key(0)] public required string SeededBy { get; init; }

    /// <value>When, unix ms.</value>
    [Key(1)] public long SeededUnixMs { get; init; }
}

/// <summary>Says that an operator removed a region: it does not come back by starting again.</summary>
[MessagePackObject]
public sealed record RemovedRecord
{
    /// <value>Who removed it.</value>
    [Key(0)] public required string By { get; init; }

    /// <value>When, unix ms.</value>
    [Key(1)] public long UnixMs { get; init; }
}
