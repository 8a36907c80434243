namespace Meridian.Federation.Intents.Raft;

/// <summary>What a recovery kept and what it gave up.</summary>
public sealed record RecoveryReport
{
    /// <value>Voters that are none any more. Each must be stopped, emptied and started again to be let in.</value>
    public required IReadOnlyList<string> Removed { get; init; }

    /// <value>Last index that this member holds. Changes that were acknowledged elsewhere after it are lost.</value>
    public required long LastIndex { get; init; }

    /// <value>Index up to which this member knew the log to be on a majority. What stands between it and <see cref="LastIndex"/> is kept, though nobody may have been told of it.</value>
    public required long CommittedIndex { get; init; }

    /// <value>Number of the generation that begins.</value>
    public required int Generation { get; init; }

    /// <summary>In words, for the operator.</summary>
    public override string ToString() =>
        $"This member now decides alone, in generation {Generation}. Removed: {(Removed.Count == 0 ? "nobody" : string.Join(", ", Removed))}. "
        + $"Kept: everything up to index {LastIndex}. Given up: every change that was acknowledged elsewhere after index {LastIndex}, if there was any. "
        + "The removed members must not take part any more as they are: stop each, move its directory away and start it again; it comes back empty and fetches everything.";
}
