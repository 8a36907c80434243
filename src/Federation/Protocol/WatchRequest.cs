using MessagePack;

namespace Meridian.Federation.Protocol;

/// <summary>Asks a region for its intent and for every later one.</summary>
[MessagePackObject]
public sealed record WatchRequest
{
    /// <value>Name of the observing edge.</value>
    [Key(0)] public required string Observer { get; init; }

    /// <value>Intents up to this epoch need not be sent; -1 asks for the current one whatever it is.</value>
    [Key(1)] public required long KnownEpoch { get; init; }
}
