using MessagePack;

namespace Meridian.Intents.Etcd;

/// <summary>What is kept under an operation's key. Kept in etcd and read by other builds: keys are added, never reused.</summary>
[MessagePackObject]
public sealed record EtcdOperation
{
    [Key(0)] public required bool Made { get; init; }

    /// <value>Revision at which the conditions did not hold. Of a change that was made it is the revision that wrote this key, which the writer cannot know.</value>
    [Key(1)] public long Revision { get; init; }

    [Key(2)] public IntentKey? Conflict { get; init; }

    [Key(3)] public long ConflictEpoch { get; init; }

    /// <value>Of the change (<see cref="IntentChange.Digest"/>), or null.</value>
    [Key(4)] public byte[]? Digest { get; init; }
}
