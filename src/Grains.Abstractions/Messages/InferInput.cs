using Meridian.Messages.Generation;
using MessagePack;

namespace Meridian.Messages;

/// <summary>What to compute: one case a kind of model.</summary>
[GenerateSerializer, Immutable, Alias("meridian.InferInput")]
[Union(0, typeof(EmbeddingInput))]
[Union(1, typeof(GenerationInput))]
[Union(2, typeof(TokenizeInput))]
[Union(3, typeof(DetokenizeInput))]
public abstract record InferInput;
