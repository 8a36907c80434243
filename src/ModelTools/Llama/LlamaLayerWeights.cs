namespace Meridian.ModelTools.Llama;

/// <summary>Weights of one layer, row-major. Linear layers are [in, out], as MatMul takes them.</summary>
public sealed record LlamaLayerWeights
{
    /// <value>[hidden]</value>
    public required ReadOnlyMemory<float> InputNorm { get; init; }

    /// <value>[hidden, heads * head dimension]</value>
    public required ReadOnlyMemory<float> Query { get; init; }

    /// <value>[hidden, kv heads * head dimension]</value>
    public required ReadOnlyMemory<float> Key { get; init; }

    /// <value>[hidden, kv heads * head dimension]</value>
    public required ReadOnlyMemory<float> Value { get; init; }

    /// <value>[heads * head dimension, hidden]</value>
    public required ReadOnlyMemory<float> Output { get; init; }

    /// <value>[hidden]</value>
    public required ReadOnlyMemory<float> MlpNorm { get; init; }

    /// <value>[hidden, intermediate]</value>
    public required ReadOnlyMemory<float> Gate { get; init; }

    /// <value>[hidden, intermediate]</value>
    public required ReadOnlyMemory<float> Up { get; init; }

    /// <value>[intermediate, hidden]</value>
    public required ReadOnlyMemory<float> Down { get; init; }
}
