using Meridian.Onnx;


namespace Meridian.ModelTools.Llama;

/// <summary>Weights of a Llama-architecture decoder, float32, row-major.</summary>
public sealed partial record LlamaWeights
{
    /// <value>[vocabulary, hidden]</value>
    public required ReadOnlyMemory<float> Embedding { get; init; }

    public required IReadOnlyList<LlamaLayerWeights> Layers { get; init; }

    /// <value>[hidden]</value>
    public required ReadOnlyMemory<float> FinalNorm { get; init; }

    /// <value>[hidden, vocabulary], or null if the output layer uses the embedding.</value>
    public ReadOnlyMemory<float>? Head { get; init; }

    /// <value>The stored type of the weights.</value>
    public OnnxType Type { get; init; } = OnnxType.Float;
}
