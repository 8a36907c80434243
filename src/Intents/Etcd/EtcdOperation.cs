using MessagePack;

namespace Meridian.Intents.Etcd;

/// <summary>The outcome that is stored in etcd under an operation's key. Other builds read it: keys are added, never reused.</summary>
[MessagePackObject]
public sealed record EtcdOperation
{
    [Key(0)] public required bool Made { get; init; }

    /// <value>
    /// The revision at which the conditions did not hold. For a change that was made, use the revision that wrote this key; the writer cannot know it.
    /// </value>
    [Key(1)] public long Revision { get; init; }

    [Key(2)] public IntentKey? Conflict { get; init; }

    [Key(3)] public long ConflictEpoch { get; init; }

    /// <value>Digest of the change (<see cref="IntentChange.Digest"/>), or null.</value>
    [Key(4)] public byte[]? Digest { get; init; }
}
