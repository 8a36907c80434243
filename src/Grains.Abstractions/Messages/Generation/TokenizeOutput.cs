using MessagePack;

namespace Meridian.Messages.Generation;

/// <summary>The ids of a prompt.</summary>
[GenerateSerializer, Immutable, Alias("meridian.TokenizeOutput"), MessagePackObject]
public sealed record TokenizeOutput : InferOutput
{
    [Id(0), Key(0)] public required int[] TokenIds { get; init; }

    /// <value>The model's context, tokens.</value>
    [Id(1), Key(1)] public required int ContextLength { get; init; }

    /// <value>One a token where asked for, else null.</value>
    [Id(2), Key(2)] public string[]? Texts { get; init; }
}
