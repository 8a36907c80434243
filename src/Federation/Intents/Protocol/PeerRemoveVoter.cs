using MessagePack;

namespace Meridian.Federation.Intents.Protocol;

/// <summary>Asks to remove a voter for good.</summary>
[MessagePackObject]
public sealed record PeerRemoveVoter
{
    [Key(0)] public required string From { get; init; }

    [Key(1)] public required string Name { get; init; }
}
