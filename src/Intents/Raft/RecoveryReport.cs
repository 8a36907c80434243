namespace Meridian.Intents.Raft;

/// <summary>The data that a recovery keeps and the data that it gives up.</summary>
public sealed record RecoveryReport
{
    /// <value>The removed voters. To be let in again, each must be stopped, emptied and started.</value>
    public required IReadOnlyList<string> Removed { get; init; }

    /// <value>The last index that this member has. Changes after it that were acknowledged elsewhere are lost.</value>
    public required long LastIndex { get; init; }

    /// <value>
    /// Term of the entry at <see cref="LastIndex"/>. To lose the least, choose the member with the highest term and, among equal terms, the highest index
    /// (Raft, section 5.4.1).
    /// </value>
    public required long LastTerm { get; init; }

    /// <value>
    /// Index up to which this member knew that a majority has the log. Entries between it and <see cref="LastIndex"/> are kept, although perhaps nobody was
    /// told of them.
    /// </value>
    public required long CommittedIndex { get; init; }

    /// <value>Index up to which this member has applied the log.</value>
    public required long AppliedIndex { get; init; }

    /// <value>Revision of the records at <see cref="AppliedIndex"/>.</value>
    public required long Revision { get; init; }

    /// <value>Number of the new generation.</value>
    public required int Generation { get; init; }

    /// <value>Number of entries that this member has without knowing that a majority has them. They are kept and will be applied.</value>
    public long Unconfirmed => Math.Max(0, LastIndex - CommittedIndex);

    /// <summary>The report as text for the operator, after the recovery.</summary>
    public override string ToString() =>
        $"This member now decides alone, in generation {Generation}. Removed: {(Removed.Count == 0 ? "nobody" : string.Join(", ", Removed))}. "
        + $"Kept: everything up to index {LastIndex}. Given up: every change that was acknowledged elsewhere after index {LastIndex}, if there was any. "
        + "The removed members must not take part any more as they are: stop each, move its directory away and start it again; it comes back empty and fetches everything.";
}
