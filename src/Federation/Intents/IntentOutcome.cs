using MessagePack;

namespace Meridian.Federation.Intents;

/// <summary>What became of a change. Durable on a majority when it is returned.</summary>
[MessagePackObject]
public sealed record IntentOutcome
{
    /// <value>Whether the writes were made.</value>
    [Key(0)] public required bool Made { get; init; }

    /// <value>Revision at which the change was made, or at which its conditions did not hold. The new epoch of every record written.</value>
    [Key(1)] public required long Revision { get; init; }

    /// <value>The first record whose condition did not hold, or null.</value>
    [Key(2)] public IntentKey? Conflict { get; init; }

    /// <value>Epoch that <see cref="Conflict"/> has; 0 where it does not exist.</value>
    [Key(3)] public long ConflictEpoch { get; init; }

    /// <value>Whether the operation's name was used before, for a change with another <see cref="IntentChange.Digest"/>: nothing was made.</value>
    [Key(4)] public bool Reused { get; init; }
}
