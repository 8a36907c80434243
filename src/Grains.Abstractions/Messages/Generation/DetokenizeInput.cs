using MessagePack;

namespace Meridian.Messages.Generation;

/// <summary>Asks for the text of ids.</summary>
[GenerateSerializer, Immutable, Alias("meridian.DetokenizeInput"), MessagePackObject]
public sealed record DetokenizeInput : InferInput
{
    [Id(0), Key(0)] public required int[] TokenIds { get; init; }
}
