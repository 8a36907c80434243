using MessagePack;

namespace Meridian.Intents;

/// <summary>One atomic change of intent: all its writes happen at one revision, or none does.</summary>
[MessagePackObject]
public sealed record IntentChange
{
    /// <value>
    /// Names the change: the same operation is made at most once, however often it is sent. Repeating one whose outcome is unknown (a leader died, an answer was lost) gives the
    /// outcome of the first.
    /// </value>
    [Key(0)] public required Guid Operation { get; init; }

    /// <value>All must hold. Empty: the writes are made in any case.</value>
    [Key(1)] public IntentCondition[] Conditions { get; init; } = [];

    /// <value>At least one, at most 128; no key twice.</value>
    [Key(2)] public required IntentWrite[] Writes { get; init; }

    /// <value>Who asks, in words, for the operators' history.</value>
    [Key(3)] public string Author { get; init; } = "";

    /// <value>When the change was proposed, by the proposer's clock, unix ms. Shown to people; decides nothing.</value>
    [Key(4)] public long ProposedUnixMs { get; init; }

    /// <value>
    /// Digest of what was asked, by whom: an operation that is sent again with another digest is another change under a used name, and is not made. Null where a caller draws a new
    /// operation for every change, and in changes of builds before digests; those are not compared.
    /// </value>
    [Key(5)] public byte[]? Digest { get; init; }

    /// <value>Whether records may name others that do not exist yet.</value>
    [Key(6)] public bool Pending { get; init; }
}

/// <summary>What must hold for a change to be made.</summary>
/// <param name="Key">Record looked at.</param>
/// <param name="Epoch">Epoch that it must have; 0: it must not exist.</param>
[MessagePackObject]
public readonly record struct IntentCondition([property: Key(0)] IntentKey Key, [property: Key(1)] long Epoch);

/// <summary>A record to write or to delete.</summary>
/// <param name="Key">Which record.</param>
/// <param name="Value">Its new value, or null to delete it.</param>
[MessagePackObject]
public readonly record struct IntentWrite([property: Key(0)] IntentKey Key, [property: Key(1)] byte[]? Value);

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
