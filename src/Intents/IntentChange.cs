using MessagePack;

namespace Meridian.Intents;

/// <summary>One atomic change of intent: either all its writes happen, at one revision, or none does.</summary>
[MessagePackObject]
public sealed record IntentChange
{
    /// <value>
    /// Names the change. The same operation is made at most once, however often it is sent. If the outcome is unknown (a leader died, an answer was lost), send
    /// the operation again: the answer is the first outcome.
    /// </value>
    [Key(0)] public required Guid Operation { get; init; }

    /// <value>All conditions must hold. Empty: the writes are made in any case.</value>
    [Key(1)] public IntentCondition[] Conditions { get; init; } = [];

    /// <value>1 to 128 writes; no key twice.</value>
    [Key(2)] public required IntentWrite[] Writes { get; init; }

    /// <value>The author as text, for the operators' history.</value>
    [Key(3)] public string Author { get; init; } = "";

    /// <value>Time of the proposal by the proposer's clock, unix ms. Only for display; it decides nothing.</value>
    [Key(4)] public long ProposedUnixMs { get; init; }

    /// <value>
    /// Digest of the request and its author. If an operation is sent again with another digest, it is a different change under a used name, and is not made.
    /// Null if a caller draws a new operation for every change, and in changes of builds from before digests. A null digest is not compared.
    /// </value>
    [Key(5)] public byte[]? Digest { get; init; }

    /// <value>Whether records may refer to records that do not exist yet.</value>
    [Key(6)] public bool Pending { get; init; }
}

/// <summary>A condition for a change to be made.</summary>
/// <param name="Key">Key of the record to compare.</param>
/// <param name="Epoch">The epoch that the record must have; 0 if the record must not exist.</param>
[MessagePackObject]
public readonly record struct IntentCondition([property: Key(0)] IntentKey Key, [property: Key(1)] long Epoch);

/// <summary>A record to write or to delete.</summary>
/// <param name="Key">Key of the record.</param>
/// <param name="Value">The new value, or null to delete the record.</param>
[MessagePackObject]
public readonly record struct IntentWrite([property: Key(0)] IntentKey Key, [property: Key(1)] byte[]? Value);

/// <summary>The outcome of a change. It is durable on a majority when it is returned.</summary>
[MessagePackObject]
public sealed record IntentOutcome
{
    /// <value>Whether the writes were made.</value>
    [Key(0)] public required bool Made { get; init; }

    /// <value>Revision at which the change was made, or at which its conditions did not hold. If made, it is the new epoch of every record written.</value>
    [Key(1)] public required long Revision { get; init; }

    /// <value>The first record whose condition did not hold, or null.</value>
    [Key(2)] public IntentKey? Conflict { get; init; }

    /// <value>Epoch of <see cref="Conflict"/>; 0 if that record does not exist.</value>
    [Key(3)] public long ConflictEpoch { get; init; }

    /// <value>Whether the operation's name was already used for a change with another <see cref="IntentChange.Digest"/>. If so, nothing was made.</value>
    [Key(4)] public bool Reused { get; init; }
}
