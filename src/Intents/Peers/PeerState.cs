using Meridian.Intents.State;
using MessagePack;

namespace Meridian.Intents.Peers;

/// <summary>The state of a member.</summary>
[MessagePackObject]
public sealed record PeerState
{
    [Key(0)] public required string Name { get; init; }

    /// <value>0: nothing on disk. 1: has agreed to found a log. 2: is being let in. 3: has a log.</value>
    [Key(1)] public required int Phase { get; init; }

    /// <value>Generation of the log that the member belongs to, or has agreed to found.</value>
    [Key(2)] public required IntentGeneration Generation { get; init; }

    [Key(3)] public long AppliedIndex { get; init; }

    [Key(4)] public long CommittedIndex { get; init; }

    [Key(5)] public long Revision { get; init; }

    /// <value>SHA-256 of the state at <see cref="AppliedIndex"/>, hexadecimal; empty if the request did not ask for it.</value>
    [Key(6)] public string Hash { get; init; } = "";

    [Key(7)] public long Term { get; init; }

    [Key(8)] public string? Leader { get; init; }

    [Key(9)] public IntentVoter[] Voters { get; init; } = [];

    /// <value>The voters of the first quorum in this member's configuration, in one line. All members must have the same.</value>
    [Key(10)] public string Founders { get; init; } = "";

    /// <value>Whether its consensus port is open.</value>
    [Key(11)] public bool Listens { get; init; }

    [Key(12)] public string? Problem { get; init; }
}

/// <summary>Asks a member for its state.</summary>
[MessagePackObject]
public sealed record PeerStateRequest
{
    [Key(0)] public required string From { get; init; }

    /// <value>Whether to compute the hash of the state, which takes time.</value>
    [Key(1)] public bool Hash { get; init; }
}
