using MessagePack;

namespace Meridian.Messages;

/// <summary>Consecutive tokens of one choice, and the text they release.</summary>
[GenerateSerializer, Immutable, Alias("meridian.TokenGroup"), MessagePackObject]
public sealed record TokenGroup
{
    [Id(0), Key(0)] public required int Choice { get; init; }

    /// <value>Number of tokens that the choice generated before these, including those of a resume.</value>
    [Id(1), Key(1)] public required int Position { get; init; }

    /// <value>Generated ids. If an end-of-text token ended the choice, it is the last id.</value>
    [Id(2), Key(2)] public required int[] TokenIds { get; init; }

    /// <value>
    /// Text that later tokens cannot change. It may be empty: a character that is split over tokens and the possible beginning of a stop string are held back. The text
    /// released after a token depends only on the choice's ids, so a stream that moves continues with exactly the next character.
    /// </value>
    [Id(3), Key(3)] public required string Text { get; init; }

    /// <value>One a token, or null where none were asked for.</value>
    [Id(4), Key(4)] public TokenLogprob[]? Logprobs { get; init; }

    /// <value>Set with the choice's last tokens.</value>
    [Id(5), Key(5)] public FinishReason? Finish { get; init; }
}

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

/// <summary>Why a choice ended. The numbers are wire format.</summary>
public enum FinishReason
{
    /// <summary>The model ended its text, or a stop string came.</summary>
    Stop = 1,

    /// <summary>The most tokens asked for, or the end of the context.</summary>
    Length = 2,
}
