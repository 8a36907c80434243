using MessagePack;

namespace Meridian.Messages;

/// <summary>What was computed: one case a kind of model.</summary>
[GenerateSerializer, Immutable, Alias("meridian.InferOutput")]
[Union(0, typeof(EmbeddingOutput))]
public abstract record InferOutput;
