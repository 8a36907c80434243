using Meridian.ModelTools.Llama;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Meridian.Training;

/// <summary>A Llama-architecture decoder as LibTorch computes it: the same function as the graphs that <see cref="LlamaGraph"/> writes. Linear weights are [in, out], as there.</summary>
internal sealed class TorchLlama : IDisposable
{
    private const string Embedding = "embed_tokens";
    private const string FinalNorm = "norm";

    private readonly LlamaConfig _config;
    private readonly Layer[] _layers;
    private readonly Parameter _embedding;
    private readonly Parameter _norm;
    private readonly Tensor _cos;
    private readonly Tensor _sin;

    public TorchLlama(LlamaConfig config, LlamaWeights weights)
    {
        _config = config;
        var (hidden, queries, keys) = (config.Hidden, config.Heads * config.HeadDimension, config.KvHeads * config.HeadDimension);
        _embedding = Make(Embedding, weights.Embedding, config.Vocabulary, hidden);
        _layers = [.. weights.Layers.Select((layer, i) => new Layer(
            Make($"{i}.input_layernorm", layer.InputNorm, hidden),
            Make($"{i}.q_proj", layer.Query, hidden, queries),
            Make($"{i}.k_proj", layer.Key, hidden, keys),
            Make($"{i}.v_proj", layer.Value, hidden, keys),
            Make($"{i}.o_proj", layer.Output, queries, hidden),
            Make($"{i}.post_attention_layernorm", layer.MlpNorm, hidden),
            Make($"{i}.gate_proj", layer.Gate, hidden, config.Intermediate),
            Make($"{i}.up_proj", layer.Up, hidden, config.Intermediate),
            Make($"{i}.down_proj", layer.Down, config.Intermediate, hidden)))];
        _norm = Make(FinalNorm, weights.FinalNorm, hidden);

        var half = config.HeadDimension / 2;
        var angles = new float[config.Context * config.HeadDimension];
        for (var position = 0; position < config.Context; position++)
        {
            for (var j = 0; j < config.HeadDimension; j++)
                angles[(position * config.HeadDimension) + j] = position * (float)Math.Pow(config.RopeTheta, -(double)(j % half) / half);
        }

        using var scope = NewDisposeScope();
        var table = tensor(angles, [config.Context, config.HeadDimension]);
        _cos = table.cos().DetachFromDisposeScope();
        _sin = table.sin().DetachFromDisposeScope();

        Parameter Make(string name, ReadOnlyMemory<float> values, params long[] shape)
        {
            using var given = tensor(values.ToArray(), shape);
            var parameter = new Parameter(given.clone(), requires_grad: true);
            parameter.DetachFromDisposeScope();
            Parameters.Add((name, parameter));
            return parameter;
        }
    }

    /// <value>All weights by name.</value>
    public List<(string Name, Parameter Value)> Parameters { get; } = [];

    /// <summary>Logits of some positions.</summary>
    /// <param name="ids">[batch, length] int64</param>
    /// <param name="kept">[positions] int64, into batch * length</param>
    /// <returns>[positions, vocabulary]</returns>
    public Tensor Forward(Tensor ids, Tensor kept)
    {
        var (batch, length) = (ids.shape[0], ids.shape[1]);
        var (cos, sin) = (_cos.slice(0, 0, length, 1), _sin.slice(0, 0, length, 1));
        var x = _embedding.index_select(0, ids.flatten()).view(batch, length, _config.Hidden);
        foreach (var layer in _layers)
        {
            var normed = Norm(x, layer.InputNorm);
            var queries = Rotated(Heads(normed.matmul(layer.Query), _config.Heads));
            var keys = Shared(Rotated(Heads(normed.matmul(layer.Key), _config.KvHeads)));
            var values = Shared(Heads(normed.matmul(layer.Value), _config.KvHeads));
            var attended = nn.functional.scaled_dot_product_attention(queries, keys, values, is_casual: true);
            x += attended.transpose(1, 2).reshape(batch, length, _config.Heads * _config.HeadDimension).matmul(layer.Output);
            normed = Norm(x, layer.MlpNorm);
            x += (nn.functional.silu(normed.matmul(layer.Gate)) * normed.matmul(layer.Up)).matmul(layer.Down);
        }

        return Norm(x.reshape(batch * length, _config.Hidden).index_select(0, kept), _norm).matmul(_embedding.t());

        Tensor Heads(Tensor projected, int heads) => projected.view(batch, length, heads, _config.HeadDimension).transpose(1, 2);

        Tensor Rotated(Tensor heads)
        {
            var half = _config.HeadDimension / 2;
            var turned = cat([-heads.slice(3, half, _config.HeadDimension, 1), heads.slice(3, 0, half, 1)], 3);
            return (heads * cos) + (turned * sin);
        }

        Tensor Shared(Tensor heads) => _config.Heads == _config.KvHeads ? heads : heads.repeat_interleave(_config.Heads / _config.KvHeads, 1);
    }

    /// <summary>A copy of the weights.</summary>
    public LlamaWeights Weights() => new()
    {
        Embedding = Copy(_embedding),
        Layers = [.. _layers.Select(static layer => new LlamaLayerWeights
        {
            InputNorm = Copy(layer.InputNorm),
            Query = Copy(layer.Query),
            Key = Copy(layer.Key),
            Value = Copy(layer.Value),
            Output = Copy(layer.Output),
            MlpNorm = Copy(layer.MlpNorm),
            Gate = Copy(layer.Gate),
            Up = Copy(layer.Up),
            Down = Copy(layer.Down),
        })],
        FinalNorm = Copy(_norm),
    };

    public void Dispose()
    {
        foreach (var (_, parameter) in Parameters)
            parameter.Dispose();
        _cos.Dispose();
        _sin.Dispose();
    }

    private static float[] Copy(Parameter parameter) => parameter.data<float>().ToArray();

    private Tensor Norm(Tensor x, Parameter weight) => x * (x.square().mean([-1], keepdim: true) + _config.RmsEpsilon).rsqrt() * weight;

    private sealed record Layer(
        Parameter InputNorm, Parameter Query, Parameter Key, Parameter Value, Parameter Output, Parameter MlpNorm, Parameter Gate, Parameter Up, Parameter Down);
}
