using Meridian.Intents.State;
using MessagePack;

namespace Meridian.Intents.Peers;

/// <summary>A change on its way to the leader.</summary>
[MessagePackObject]
public sealed record PeerChange
{
    [Key(0)] public required string From { get; init; }

    [Key(1)] public required IntentChange Change { get; init; }
}

/// <summary>Asks for an index that is not below any change acknowledged before.</summary>
[MessagePackObject]
public sealed record PeerBarrier
{
    [Key(0)] public required string From { get; init; }
}

/// <summary>Asks to let a member in.</summary>
[MessagePackObject]
public sealed record PeerAddVoter
{
    [Key(0)] public required string From { get; init; }

    [Key(1)] public required IntentVoter Voter { get; init; }

    /// <value>
    /// The first of two steps of a member with nothing on disk: whoever votes under its address today has lost what it had voted for, and is removed. The second step adds it anew.
    /// </value>
    [Key(2)] public bool Forget { get; init; }
}

/// <summary>Asks to remove a voter for good.</summary>
[MessagePackObject]
public sealed record PeerRemoveVoter
{
    [Key(0)] public required string From { get; init; }

    [Key(1)] public required string Name { get; init; }
}

/// <summary>What the leader, or a member that does not lead, says to a request of another.</summary>
[MessagePackObject]
public sealed record PeerReply
{
    [Key(0)] public required PeerCode Code { get; init; }

    /// <value>Index at which it was applied at the leader: who has applied that has it.</value>
    [Key(1)] public long Index { get; init; }

    [Key(2)] public IntentOutcome? Outcome { get; init; }

    /// <value>Name of the leader, where the member knows it.</value>
    [Key(3)] public string? Leader { get; init; }

    [Key(4)] public string? Message { get; init; }

    /// <value>The log that a newcomer is let into.</value>
    [Key(5)] public IntentGeneration? Generation { get; init; }

    /// <value>Whether the voter that was to be removed does not exist: nothing was done.</value>
    [Key(6)] public bool Missing { get; init; }
}

/// <summary>How a member answered another. Numbers are wire format.</summary>
public enum PeerCode
{
    /// <summary>It is done, on a majority.</summary>
    Done = 0,

    /// <summary>The member does not lead; nothing was done. It may say who does.</summary>
    NotLeader = 1,

    /// <summary>It may have been done, or may still be.</summary>
    Unknown = 2,

    /// <summary>It breaks a rule, and always will; the message says which.</summary>
    Refused = 3,
}
