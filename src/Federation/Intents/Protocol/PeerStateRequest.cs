using MessagePack;

namespace Meridian.Federation.Intents.Protocol;

/// <summary>Asks a member how it stands.</summary>
[MessagePackObject]
public sealed record PeerStateRequest
{
    [Key(0)] public required string From { get; init; }

    /// <value>Whether to compute the hash of the state, which takes time.</value>
    [Key(1)] public bool Hash { get; init; }
}
