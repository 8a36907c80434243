using MessagePack;

namespace Meridian.Messages.Generation;

/// <summary>Log probability of a token under the model's own distribution, before temperature, bias and penalties.</summary>
[GenerateSerializer, Immutable, Alias("meridian.TokenLogprob"), MessagePackObject]
public sealed record TokenLogprob
{
    [Id(0), Key(0)] public required int TokenId { get; init; }

    /// <value>UTF-8 of the token; may be part of a character.</value>
    [Id(1), Key(1)] public required byte[] Bytes { get; init; }

    /// <value>Natural logarithm.</value>
    [Id(2), Key(2)] public required float Logprob { get; init; }

    /// <value>The most probable tokens, best first; empty where none were asked for. Those of alternatives have none themselves.</value>
    [Id(3), Key(3)] public TokenLogprob[] Top { get; init; } = [];
}
