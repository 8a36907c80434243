using MessagePack;

namespace Meridian.Federation.Intents.State;

/// <summary>What became of an operation, for whoever sends it again.</summary>
[MessagePackObject]
public sealed record RememberedOperation
{
    [Key(0)] public required Guid Operation { get; init; }

    [Key(1)] public required IntentOutcome Outcome { get; init; }
}
