using MessagePack;

namespace Meridian.Federation.Intents.Protocol;

/// <summary>Asks for an index that is not below any change acknowledged before.</summary>
[MessagePackObject]
public sealed record PeerBarrier
{
    [Key(0)] public required string From { get; init; }
}
