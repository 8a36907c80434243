using Meridian.Intents.State;
using MessagePack;

namespace Meridian.Intents.Peers;

/// <summary>Sends a change to the leader.</summary>
[MessagePackObject]
public sealed record PeerChange
{
    [Key(0)] public required string From { get; init; }

    [Key(1)] public required IntentChange Change { get; init; }
}

/// <summary>Asks for an index that is not below the index of any change acknowledged before.</summary>
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
    /// True for the first of two steps of a member with nothing on disk. The voter at its address has lost its votes, and is removed. The second step adds the
    /// member again.
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

/// <summary>The answer of the leader, or of a member that does not lead, to a request of another member.</summary>
[MessagePackObject]
public sealed record PeerReply
{
    [Key(0)] public required PeerCode Code { get; init; }

    /// <value>Index at which the leader applied the request. A member that has applied this index has its effect.</value>
    [Key(1)] public long Index { get; init; }

    [Key(2)] public IntentOutcome? Outcome { get; init; }

    /// <value>Name of the leader, if the member knows it.</value>
    [Key(3)] public string? Leader { get; init; }

    [Key(4)] public string? Message { get; init; }

    /// <value>Generation of the log at the leader; a newcomer is let into this log.</value>
    [Key(5)] public IntentGeneration? Generation { get; init; }

    /// <value>Whether the voter to be removed does not exist. If so, nothing was done.</value>
    [Key(6)] public bool Missing { get; init; }
}

/// <summary>The result of a request to a member. The numbers are wire format.</summary>
public enum PeerCode
{
    /// <summary>The request is done, on a majority.</summary>
    Done = 0,

    /// <summary>The member does not lead; nothing was done. The reply may name the leader.</summary>
    NotLeader = 1,

    /// <summary>The request may have been done, or may still be.</summary>
    Unknown = 2,

    /// <summary>The request breaks a rule, and always will. The message names the rule.</summary>
    Refused = 3,
}
