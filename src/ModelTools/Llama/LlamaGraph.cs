using Meridian.Inference.Decoders.Contract;
using Meridian.Onnx;
using Meridian.Onnx.Writing;

namespace Meridian.ModelTools.Llama;

/// <summary>
/// The ONNX graph of a Llama-architecture decoder: pre-normed blocks (RMSNorm), rotary positions in the rotate-half form, grouped-query attention, SiLU-gated MLP.
/// The same weights can be written in any cache layout. Like published graphs, the graph gives logits for all positions. The optional input
/// <c>num_logits_to_keep</c> (int64 scalar, 0 for all) limits them to the last positions, which saves most of the output layer's work for a prompt.
/// </summary>
public sealed partial class LlamaGraph
{
    /// <value>Name of the optional input with the number of last positions that get logits.</value>
    public const string LogitsToKeep = "num_logits_to_keep";

    private readonly LlamaConfig _config;
    private readonly LlamaWeights _weights;
    private readonly OnnxType _type;
    private readonly OnnxGraphBuilder _graph;

    private LlamaGraph(LlamaConfig config, LlamaWeights weights, OnnxType type)
    {
        (_config, _weights, _type) = (config, weights, type);
        _graph = new OnnxGraphBuilder("llama");
    }

    /// <param name="config">Dimensions; must fit the weights.</param>
    /// <param name="weights">Weights; they are read when the graph is written.</param>
    /// <param name="layout">The layout of the inputs and outputs for keys and values.</param>
    /// <param name="type">Float, or Float16: weights, cache and most arithmetic. Logits are float32 either way.</param>
    public static OnnxGraphBuilder Build(LlamaConfig config, LlamaWeights weights, KvLayout layout, OnnxType type = OnnxType.Float)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(weights);
        if (config.Mistakes() is { Count: > 0 } mistakes)
            throw new ArgumentException(string.Join(" ", mistakes), nameof(config));
        if (type is not (OnnxType.Float or OnnxType.Float16))
            throw new ArgumentException($"A decoder cannot be written as {type}; choose Float or Float16.", nameof(type));
        var graph = new LlamaGraph(config, weights, type);
        if (layout == KvLayout.Shared)
            graph.Fused();
        else
            graph.Plain(merged: layout == KvLayout.Merged);
        return graph._graph;
    }

    private OnnxValue Weight(string name, ReadOnlyMemory<float> values, params long[] shape) =>
        _graph.Initializer(OnnxInitializer.Of(name, _type, shape, [values]));

    private static string Layer(int layer, string rest) => $"model.layers.{layer}.{rest}";

    private OnnxValue MatMul(string name, OnnxValue input, OnnxValue weight) => _graph.Node("MatMul", $"{name}/MatMul", [input, weight]);

    private OnnxValue Cast(string name, OnnxValue value, OnnxType to) => _graph.Node("Cast", name, [value], OnnxAttribute.Of("to", (long)to));

    private OnnxValue Mlp(int layer, OnnxValue input)
    {
        var (weights, name) = (_weights.Layers[layer], $"/model/layers.{layer}/mlp");
        var gate = MatMul($"{name}/gate_proj", input, Weight(Layer(layer, "mlp.gate_proj.weight"), weights.Gate, _config.Hidden, _config.Intermediate));
        var up = MatMul($"{name}/up_proj", input, Weight(Layer(layer, "mlp.up_proj.weight"), weights.Up, _config.Hidden, _config.Intermediate));
        var silu = _graph.Node("Mul", $"{name}/act/Mul", [gate, _graph.Node("Sigmoid", $"{name}/act/Sigmoid", [gate])]);
        var gated = _graph.Node("Mul", $"{name}/Mul", [silu, up]);
        return MatMul($"{name}/down_proj", gated, Weight(Layer(layer, "mlp.down_proj.weight"), weights.Down, _config.Intermediate, _config.Hidden));
    }

    /// <summary>Keeps the last positions of [batch, seq, hidden]. A count of 0 keeps all, because a slice from -0 on is everything.</summary>
    private OnnxValue Kept(OnnxValue hidden)
    {
        var count = _graph.Node("Reshape", "/model/kept/Reshape", [_graph.OptionalInput(LogitsToKeep, 0), _graph.Vector(1)]);
        var start = _graph.Node("Neg", "/model/kept/Neg", [count]);
        return _graph.Node("Slice", "/model/kept/Slice", [hidden, start, _graph.Vector(long.MaxValue), _graph.Vector(1)]);
    }

    private void Head(OnnxValue embedding, OnnxValue normed)
    {
        var weight = _weights.Head is { } head
            ? Weight("lm_head.weight", head, _config.Hidden, _config.Vocabulary)
            : _graph.Node("Transpose", "/lm_head/Transpose", [embedding], OnnxAttribute.Of("perm", [1, 0]));
        OnnxValue logits;
        if (_type == OnnxType.Float)
        {
            logits = _graph.Node("MatMul", "/lm_head/MatMul", [normed, weight], ["logits"])[0];
        }
        else
        {
            var half = MatMul("/lm_head", normed, weight);
            logits = _graph.Node("Cast", "/lm_head/Cast", [half], ["logits"], OnnxAttribute.Of("to", (long)OnnxType.Float))[0];
        }

        _graph.Output(logits, OnnxType.Float, "batch_size", "kept_length", _config.Vocabulary);
    }
}
