using MessagePack;

namespace Meridian.Messages;

/// <summary>One version of a model in one region: readiness and load, summed over its replicas.</summary>
[GenerateSerializer, Immutable, Alias("meridian.ModelStatus"), MessagePackObject]
public sealed record ModelStatus
{
    /// <summary>Beginning of the <see cref="Problem"/> of a version whose files are not in the region's store; the digest of its manifest follows.</summary>
    public const string FilesMissing = "files missing: ";

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

    /// <value>Capacity of all queues together. When <see cref="Queued"/> reaches it, requests are refused.</value>
    [Id(7), Key(7)] public int QueueCapacity { get; init; }

    /// <value>Smoothed engine time of one item, ms; 0 while unknown.</value>
    [Id(8), Key(8)] public float ServiceMs { get; init; }

    /// <value>Why replicas are missing (for example the file that failed its hash), or null.</value>
    [Id(9), Key(9)] public string? Problem { get; init; }

    /// <value>Of a model that generates text, the speed of its replicas; null for others, and from a region that does not report it.</value>
    [Id(10), Key(10)] public TokenPace? Pace { get; init; }

    /// <value>Of a model that generates text, the <see cref="StreamHead.Arithmetic"/> of its replicas; null for others, where they differ, and from a region that does not report it.</value>
    [Id(11), Key(11)] public string? Arithmetic { get; init; }

    /// <summary>Whether a problem is that files are missing. Waiting does not bring them.</summary>
    public static bool IsMissingFiles(string? problem) => problem?.StartsWith(FilesMissing, StringComparison.Ordinal) == true;

    /// <summary>Whether this is the model, version and variant of a request, computed by an arithmetic.</summary>
    public bool Computes(InferRequest request, string arithmetic) =>
        Model == request.Model && Version == request.Version && Variant == request.Variant && Arithmetic == arithmetic;
}

/// <summary>How fast replicas that generate text are: speed apart from the lengths that callers ask for.</summary>
[GenerateSerializer, Immutable, Alias("meridian.TokenPace"), MessagePackObject]
public sealed record TokenPace
{
    /// <value>Smoothed time between two tokens of a sequence beside the running sequences, ms. It falls while an engine is idle, so that routing tries the engine again.</value>
    [Id(0), Key(0)] public float TokenMs { get; init; }

    /// <value>Time between two tokens of a sequence that runs alone, ms, as last measured.</value>
    [Id(1), Key(1)] public float AloneMs { get; init; }

    /// <value>Smoothed number of tokens that a sequence generates; 0 until the first sequence ends.</value>
    [Id(2), Key(2)] public float Tokens { get; init; }

    /// <value>Number of sequences that can run at once in all ready replicas together.</value>
    [Id(3), Key(3)] public int Slots { get; init; }
}
