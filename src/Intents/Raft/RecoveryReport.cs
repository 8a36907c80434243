namespace Meridian.Intents.Raft;

/// <summary>What a recovery keeps and what it gives up.</summary>
public sealed record RecoveryReport
{
    /// <value>Voters that are none any more. Each must be stopped, emptied and started again to be let in.</value>
    public required IReadOnlyList<string> Removed { get; init; }

    /// <value>Last index that this member holds. Changes that were acknowledged elsewhere after it are lost.</value>
    public required long LastIndex { get; init; }

    /// <value>Term of the entry at <see cref="LastIndex"/>. Of several members the one with the highest term, and among equals the highest index, has lost the least (Raft, section 5.4.1).</value>
    public required long LastTerm { get; init; }

    /// <value>Index up to which this member knew the log to be on a majority. What stands between it and <see cref="LastIndex"/> is kept, though nobody may have been told of it.</value>
    public required long CommittedIndex { get; init; }

    /// <value>Index up to which this member has applied the log.</value>
    public required long AppliedIndex { get; init; }

    /// <value>Revision of the records at <see cref="AppliedIndex"/>.</value>
    public required long Revision { get; init; }

    /// <value>Number of the generation that begins.</value>
    public required int Generation { get; init; }

    /// <value>Entries that this member holds and did not know to be on a majority. They are kept, and made.</value>
    public long Unconfirmed => Math.Max(0, LastIndex - CommittedIndex);

    /// <summary>In words, for the operator, after it was done.</summary>
    public override string ToString() =>
        $"This member now decides alone, in generation {Generation}. Removed: {(Removed.Count == 0 ? "nobody" : string.Join(", ", Removed))}. "
        + $"Kept: everything up to index {LastIndex}. Given up: every change that was acknowledged elsewhere after index {LastIndex}, if there was any. "
        + "The removed members must not take part any more as they are: stop each, move its directory away and start it again; it comes back empty and fetches everything.";
}
