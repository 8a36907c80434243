namespace Meridian.Federation.Intents;

/// <summary>How the log stands in one member's eyes, for operators.</summary>
public sealed record IntentLogStatus
{
    public required IntentLogRole Role { get; init; }

    /// <value>Name of the leader, or null while there is none within reach.</value>
    public string? Leader { get; init; }

    /// <value>Whether a change would be taken now: a leader is known and has heard a majority lately.</value>
    public required bool CanChange { get; init; }

    public required long AppliedIndex { get; init; }

    /// <value>Index up to which this member knows the log to be on the disks of a majority.</value>
    public long CommittedIndex { get; init; }

    /// <value>Consensus term; 0 where the implementation has none.</value>
    public long Term { get; init; }

    /// <value>The quorum.</value>
    public required IntentVoter[] Voters { get; init; }

    /// <value>What keeps the log from working, in words with the remedy, or null.</value>
    public string? Problem { get; init; }
}
