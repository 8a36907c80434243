using MessagePack;

namespace Meridian.Messages.Generation;

/// <summary>The text of ids, special tokens left out.</summary>
[GenerateSerializer, Immutable, Alias("meridian.DetokenizeOutput"), MessagePackObject]
public sealed record DetokenizeOutput : InferOutput
{
    [Id(0), Key(0)] public required string Text { get; init; }
}
