using MessagePack;

namespace Meridian.Intents.Records;

/// <summary>Marks that the log has taken over the configuration. Members that the configuration names are not added again.</summary>
[MessagePackObject]
public sealed record InstallationRecord
{
    /// <value>Region whose configuration was used.</value>
    [Key(0)] public required string SeededBy { get; init; }

    /// <value>When, unix ms.</value>
    [Key(1)] public long SeededUnixMs { get; init; }

    /// <value>
    /// Models that a configuration has proposed. Each is proposed once, so a model that operators delete does not come back. Null from builds that proposed at every start.
    /// </value>
    [Key(2)] public string[]? Proposed { get; init; }

    /// <value>
    /// The orders of command lines that were adopted, the last of each region and model, each as <c>region/name=folder</c>. A process that restarts with the same order does
    /// not override operators.
    /// </value>
    [Key(3)] public string[]? Orders { get; init; }
}

/// <summary>Marks that an operator removed a region. The region does not come back when it starts again.</summary>
[MessagePackObject]
public sealed record RemovedRecord
{
    /// <value>Author of the removal.</value>
    [Key(0)] public required string By { get; init; }

    /// <value>When, unix ms.</value>
    [Key(1)] public long UnixMs { get; init; }
}
