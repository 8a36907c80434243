using Meridian.Federation.Intents.State;
using MessagePack;

namespace Meridian.Federation.Intents.Protocol;

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
