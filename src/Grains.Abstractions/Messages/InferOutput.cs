using Meridian.Messages.Generation;
using MessagePack;

namespace Meridian.Messages;

/// <summary>What was computed: one case a kind of model.</summary>
[GenerateSerializer, Immutable, Alias("meridian.InferOutput")]
[Union(0, typeof(EmbeddingOutput))]
[Union(1, typeof(TokenizeOutput))]
[Union(2, typeof(DetokenizeOutput))]
public abstract record InferOutput;
