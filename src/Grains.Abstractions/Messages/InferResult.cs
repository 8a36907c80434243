using MessagePack;

namespace Meridian.Messages;

/// <summary>A computed answer and where it came from.</summary>
[GenerateSerializer, Immutable, Alias("meridian.InferResult"), MessagePackObject]
public sealed record InferResult
{
    /// <value>Region that served.</value>
    [Id(0), Key(0)] public required string Region { get; init; }

    [Id(1), Key(1)] public required string Model { get; init; }

    /// <value>Version that served, for example <c>v2@9f3c1a20</c>.</value>
    [Id(2), Key(2)] public required string Version { get; init; }

    [Id(3), Key(3)] public required string Variant { get; init; }

    [Id(4), Key(4)] public required InferOutput Output { get; init; }

    /// <value>Time in the engine's queue, ms.</value>
    [Id(5), Key(5)] public float QueueMs { get; init; }

    /// <value>Time in the engine after the queue, ms.</value>
    [Id(6), Key(6)] public float ServiceMs { get; init; }
}
