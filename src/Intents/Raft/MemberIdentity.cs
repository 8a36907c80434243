using Meridian.Intents.State;
using MessagePack;

namespace Meridian.Intents.Raft;

/// <summary>The owner of a member's directory. Stored there in the file <c>member</c>.</summary>
[MessagePackObject]
internal sealed record MemberIdentity
{
    [Key(0)] public required string Name { get; init; }

    /// <value>The consensus address. Consensus knows members by their address: another address is another member.</value>
    [Key(1)] public required string Consensus { get; init; }

    [Key(2)] public required MemberPhase Phase { get; init; }

    /// <value>Generation of the log that the directory has, or will have.</value>
    [Key(3)] public required IntentGeneration Generation { get; init; }
}
