using Meridian.Intents.State;
using MessagePack;

namespace Meridian.Intents.Raft;

/// <summary>Whose directory it is. The file <c>member</c> in it.</summary>
[MessagePackObject]
internal sealed record MemberIdentity
{
    [Key(0)] public required string Name { get; init; }

    /// <value>Consensus knows members by their address: another one is another member.</value>
    [Key(1)] public required string Consensus { get; init; }

    [Key(2)] public required MemberPhase Phase { get; init; }

    /// <value>The log that the directory holds, or is about to.</value>
    [Key(3)] public required IntentGeneration Generation { get; init; }
}
