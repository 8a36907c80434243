using MessagePack;

namespace Meridian.Federation.Intents.Protocol;

/// <summary>A change on its way to the leader.</summary>
[MessagePackObject]
public sealed record PeerChange
{
    [Key(0)] public required string From { get; init; }

    [Key(1)] public required IntentChange Change { get; init; }
}
