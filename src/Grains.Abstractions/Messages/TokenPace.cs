using MessagePack;

namespace Meridian.Messages;

/// <summary>How fast replicas that generate text are: speed apart from the lengths that callers ask for.</summary>
[GenerateSerializer, Immutable, Alias("meridian.TokenPace"), MessagePackObject]
public sealed record TokenPace
{
    /// <value>Smoothed time between two tokens of a sequence beside those that run now, ms. Of an idle engine it sinks, so that the engine is tried again.</value>
    [Id(0), Key(0)] public float TokenMs { get; init; }

    /// <value>The same of a sequence that runs alone, as it was measured last, ms.</value>
    [Id(1), Key(1)] public float AloneMs { get; init; }

    /// <value>Smoothed number of tokens that a sequence generates until it ends; 0 while none has.</value>
    [Id(2), Key(2)] public float Tokens { get; init; }

    /// <value>Sequences that can run at once, all ready replicas together.</value>
    [Id(3), Key(3)] public int Slots { get; init; }
}
