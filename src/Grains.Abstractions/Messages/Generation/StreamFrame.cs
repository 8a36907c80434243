using MessagePack;

namespace Meridian.Messages.Generation;

/// <summary>Tokens of a stream, in order. Frames follow one another without gap: each begins at the <see cref="Next"/> of the one before.</summary>
[GenerateSerializer, Immutable, Alias("meridian.StreamFrame"), MessagePackObject]
public sealed record StreamFrame
{
    /// <value>Tokens of the stream, all choices together, before this frame; 0 for the first. A stream that goes on elsewhere counts from 0 again.</value>
    [Id(0), Key(0)] public required long Offset { get; init; }

    /// <value>Tokens of the stream up to the end of this frame.</value>
    [Id(1), Key(1)] public required long Next { get; init; }

    /// <value>At most one group a choice.</value>
    [Id(2), Key(2)] public required TokenGroup[] Groups { get; init; }

    /// <value>All choices are done; nothing follows.</value>
    [Id(3), Key(3)] public bool End { get; init; }

    /// <value>The request was to be reproducible, and from these tokens on its bits may be others than those of the request alone. Stays true to the stream's end.</value>
    [Id(4), Key(4)] public bool Inexact { get; init; }
}
