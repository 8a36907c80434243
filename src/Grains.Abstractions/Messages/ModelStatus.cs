using MessagePack;

namespace Meridian.Messages;

/// <summary>One version of a model in one region: readiness and load, summed over its replicas.</summary>
[GenerateSerializer, Immutable, Alias("meridian.ModelStatus"), MessagePackObject]
public sealed record ModelStatus
{
    [Id(0), Key(0)] public required string Model { get; init; }

    [Id(1), Key(1)] public required string Version { get; init; }

    [Id(2), Key(2)] public required string Variant { get; init; }

    [Id(3), Key(3)] public int DesiredReplicas { get; init; }

    /// <value>Replicas loaded, verified and warm.</value>
    [Id(4), Key(4)] public int ReadyReplicas { get; init; }

    /// <value>Items the engines work on.</value>
    [Id(5), Key(5)] public int InFlight { get; init; }

    /// <value>Items waiting in the engines' queues.</value>
    [Id(6), Key(6)] public int Queued { get; init; }

    /// <value>Room of the queues together; <see cref="Queued"/> at this value means refusals.</value>
    [Id(7), Key(7)] public int QueueCapacity { get; init; }

    /// <value>Smoothed engine time of one item, ms; 0 while unknown.</value>
    [Id(8), Key(8)] public float ServiceMs { get; init; }

    /// <value>Why replicas are missing (for example the file that failed its hash), or null.</value>
    [Id(9), Key(9)] public string? Problem { get; init; }

    /// <value>Of a model that generates text, the speed of its replicas; null for others, and from a region that does not report it.</value>
    [Id(10), Key(10)] public TokenPace? Pace { get; init; }

    /// <value>Of a model that generates text, the <see cref="Generation.StreamHead.Arithmetic"/> of its replicas; null for others, where they differ, and from a region that does not report it.</value>
    [Id(11), Key(11)] public string? Arithmetic { get; init; }

    /// <summary>Whether this is the model, version and variant of a request, computed by an arithmetic.</summary>
    public bool Computes(InferRequest request, string arithmetic) =>
        Model == request.Model && Version == request.Version && Variant == request.Variant && Arithmetic == arithmetic;
}
