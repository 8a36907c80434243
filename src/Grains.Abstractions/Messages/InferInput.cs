using MessagePack;

namespace Meridian.Messages;

/// <summary>What to compute: one case a kind of model.</summary>
[GenerateSerializer, Immutable, Alias("meridian.InferInput")]
[Union(0, typeof(EmbeddingInput))]
public abstract record InferInput;
