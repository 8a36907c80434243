namespace Meridian.Grains.Draining;

/// <summary>What runs, by kind.</summary>
/// <param name="Embeddings">Embedding requests.</param>
/// <param name="Conversions">Requests to tokenize and detokenize.</param>
/// <param name="Streams">Streams of generated text, including streams that are being opened and streams whose last tokens are not read yet.</param>
/// <param name="Replicas">Replicas that are loaded, loading or being unloaded.</param>
[GenerateSerializer, Immutable, Alias("meridian.WorkCount")]
public readonly record struct WorkCount([property: Id(0)] int Embeddings, [property: Id(1)] int Conversions, [property: Id(2)] int Streams, [property: Id(3)] int Replicas)
{
    /// <value>Whether there are no requests and no streams. Replicas may be loaded.</value>
    public bool IsIdle => Embeddings == 0 && Conversions == 0 && Streams == 0;

    public static WorkCount operator +(WorkCount a, WorkCount b) => Add(a, b);

    public static WorkCount Add(WorkCount a, WorkCount b) =>
        new(a.Embeddings + b.Embeddings, a.Conversions + b.Conversions, a.Streams + b.Streams, a.Replicas + b.Replicas);
}
