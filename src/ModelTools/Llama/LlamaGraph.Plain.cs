using Meridian.Onnx;
using Meridian.Onnx.Writing;


namespace Meridian.ModelTools.Llama;

// Uses only standard operators, so any ONNX runtime can run these graphs.
public sealed partial class LlamaGraph
{
    private void Plain(bool merged)
    {
        var ids = _graph.Input("input_ids", OnnxType.Int64, "batch_size", "sequence_length");
        var attention = _graph.Input("attention_mask", OnnxType.Int64, "batch_size", "total_length");
        var positions = _graph.Input("position_ids", OnnxType.Int64, "batch_size", "sequence_length");
        var pasts = new (OnnxValue Key, OnnxValue Value)[_config.Layers];
        for (var i = 0; i < pasts.Length; i++)
            pasts[i] = merged ? MergedPast(i) : (Past(i, "key"), Past(i, "value"));

        var embedding = Weight("model.embed_tokens.weight", _weights.Embedding, _config.Vocabulary, _config.Hidden);
        var residual = _graph.Node("Gather", "/model/embed_tokens/Gather", [embedding, ids]);
        var (cos, sin) = Rotations(positions);
        var mask = Mask(ids, attention);
        for (var i = 0; i < _config.Layers; i++)
        {
            var name = $"/model/layers.{i}";
            var weights = _weights.Layers[i];
            var normed = RmsNorm($"{name}/input_layernorm", residual, Weight(Layer(i, "input_layernorm.weight"), weights.InputNorm, _config.Hidden));
            residual = _graph.Node("Add", $"{name}/Add", [residual, Attention(i, normed, pasts[i], cos, sin, mask, merged)]);
            normed = RmsNorm($"{name}/post_attention_layernorm", residual, Weight(Layer(i, "post_attention_layernorm.weight"), weights.MlpNorm, _config.Hidden));
            residual = _graph.Node("Add", $"{name}/Add_1", [residual, Mlp(i, normed)]);
        }

        Head(embedding, RmsNorm("/model/norm", Kept(residual), Weight("model.norm.weight", _weights.FinalNorm, _config.Hidden)));
    }

    private OnnxValue Past(int layer, string part) =>
        _graph.Input($"past_key_values.{layer}.{part}", _type, "batch_size", _config.KvHeads, "past_length", _config.HeadDimension);

    private (OnnxValue Key, OnnxValue Value) MergedPast(int layer)
    {
        var past = _graph.Input($"past_{layer}", _type, 2, "batch_size", _config.KvHeads, "past_length", _config.HeadDimension);
        return (Half("key", 0), Half("value", 1));

        OnnxValue Half(string part, long index) =>
            _graph.Node("Gather", $"/model/layers.{layer}/past/{part}/Gather", [past, _graph.Scalar(index)], OnnxAttribute.Of("axis", 0));
    }

    private OnnxValue RmsNorm(string name, OnnxValue input, OnnxValue weight)
    {
        // The square of a float16 above 255 is infinite, so the mean is computed in float32.
        var wide = _type == OnnxType.Float ? input : Cast($"{name}/Cast", input, OnnxType.Float);
        var square = _graph.Node("Pow", $"{name}/Pow", [wide, _graph.Scalar(2f, OnnxType.Float)]);
        var mean = _graph.Node("ReduceMean", $"{name}/ReduceMean", [square], OnnxAttribute.Of("axes", [-1]), OnnxAttribute.Of("keepdims", 1));
        var root = _graph.Node("Sqrt", $"{name}/Sqrt", [_graph.Node("Add", $"{name}/Add", [mean, _graph.Scalar(_config.RmsEpsilon, OnnxType.Float)])]);
        var normed = _graph.Node("Div", $"{name}/Div", [wide, root]);
        if (_type != OnnxType.Float)
            normed = Cast($"{name}/Cast_1", normed, _type);
        return _graph.Node("Mul", $"{name}/Mul", [normed, weight]);
    }

    /// <summary>Cosines and sines of the positions' angles, [batch, 1, seq, dimension / 2].</summary>
    private (OnnxValue Cos, OnnxValue Sin) Rotations(OnnxValue positions)
    {
        const string Name = "/model/rotary_emb";
        var half = _config.HeadDimension / 2;
        var frequencies = new float[half];
        for (var j = 0; j < half; j++)
            frequencies[j] = (float)Frequency(j);
        var inverse = _graph.Initializer(OnnxInitializer.Of("model.rotary_emb.inv_freq", OnnxType.Float, [half], [frequencies]));
        var floats = Cast($"{Name}/Cast", _graph.Node("Unsqueeze", $"{Name}/Unsqueeze", [positions, _graph.Vector(1, 3)]), OnnxType.Float);
        var angles = _graph.Node("Mul", $"{Name}/Mul", [floats, inverse]);
        return (Turn("Cos"), Turn("Sin"));

        OnnxValue Turn(string op)
        {
            var turned = _graph.Node(op, $"{Name}/{op}", [angles]);
            return _type == OnnxType.Float ? turned : Cast($"{Name}/{op}/Cast", turned, _type);
        }
    }

    private double Frequency(int pair) => Math.Pow(_config.RopeTheta, -2.0 * pair / _config.HeadDimension);

    /// <summary>
    /// The mask that is added to the scores, [batch, 1, 1, seq, total]: 0 where a query may look, elsewhere a negative number that outweighs any score.
    /// </summary>
    private OnnxValue Mask(OnnxValue ids, OnnxValue attention)
    {
        const string Name = "/model/attn_mask";
        var total = Length("total", attention);
        var sequence = Length("sequence", ids);
        var past = _graph.Node("Sub", $"{Name}/Sub", [total, sequence]);
        var queries = _graph.Node("Unsqueeze", $"{Name}/Unsqueeze", [Range("queries", past, total), _graph.Vector(1)]);
        var causal = _graph.Node("LessOrEqual", $"{Name}/LessOrEqual", [Range("keys", _graph.Scalar(0), total), queries]);
        var given = _graph.Node("Unsqueeze", $"{Name}/Unsqueeze_1", [Cast($"{Name}/Cast", attention, OnnxType.Bool), _graph.Vector(1, 2, 3)]);
        var seen = _graph.Node("And", $"{Name}/And", [causal, given]);

        // The number stays finite even after a score is added. A padding row sees nothing, and a softmax over only -infinity would be NaN.
        var hidden = _graph.Scalar(_type == OnnxType.Float ? -1e30f : -3e4f, _type);
        return _graph.Node("Where", $"{Name}/Where", [seen, _graph.Scalar(0f, _type), hidden]);

        OnnxValue Length(string what, OnnxValue value) => _graph.Node(
            "Gather", $"{Name}/{what}/Gather", [_graph.Node("Shape", $"{Name}/{what}/Shape", [value]), _graph.Scalar(1)], OnnxAttribute.Of("axis", 0));

        OnnxValue Range(string what, OnnxValue from, OnnxValue to) => _graph.Node("Range", $"{Name}/{what}/Range", [from, to, _graph.Scalar(1)]);
    }

    private OnnxValue Attention(
        int layer, OnnxValue input, (OnnxValue Key, OnnxValue Value) past, OnnxValue cos, OnnxValue sin, OnnxValue mask, bool merged)
    {
        var (weights, name) = (_weights.Layers[layer], $"/model/layers.{layer}/self_attn");
        var (heads, kvHeads, dimension) = (_config.Heads, _config.KvHeads, _config.HeadDimension);
        var query = Rotate($"{name}/q_rope", Heads("q", weights.Query, heads), cos, sin);
        var key = Rotate($"{name}/k_rope", Heads("k", weights.Key, kvHeads), cos, sin);
        var value = Heads("v", weights.Value, kvHeads);
        (key, value) = merged ? MergedPresent(layer, past, key, value) : Present(layer, past, key, value);

        // The query heads that share a key head form their own dimension. MatMul broadcasts over it, so keys and values are not repeated in memory.
        query = _graph.Node("Reshape", $"{name}/q_group/Reshape", [query, _graph.Vector(0, kvHeads, heads / kvHeads, -1, dimension)]);
        key = _graph.Node("Transpose", $"{name}/k_group/Transpose", [_graph.Node("Unsqueeze", $"{name}/k_group/Unsqueeze", [key, _graph.Vector(2)])], OnnxAttribute.Of("perm", [0, 1, 2, 4, 3]));
        value = _graph.Node("Unsqueeze", $"{name}/v_group/Unsqueeze", [value, _graph.Vector(2)]);
        var scores = _graph.Node("MatMul", $"{name}/scores/MatMul", [query, key]);
        scores = _graph.Node("Mul", $"{name}/scores/Mul", [scores, _graph.Scalar(1 / MathF.Sqrt(dimension), _type)]);
        scores = _graph.Node("Add", $"{name}/scores/Add", [scores, mask]);
        var shares = _graph.Node("Softmax", $"{name}/scores/Softmax", [scores], OnnxAttribute.Of("axis", -1));
        var mixed = _graph.Node("MatMul", $"{name}/mix/MatMul", [shares, value]);
        mixed = _graph.Node("Reshape", $"{name}/mix/Reshape", [mixed, _graph.Vector(0, heads, -1, dimension)]);
        mixed = _graph.Node("Transpose", $"{name}/mix/Transpose", [mixed], OnnxAttribute.Of("perm", [0, 2, 1, 3]));
        mixed = _graph.Node("Reshape", $"{name}/mix/Reshape_1", [mixed, _graph.Vector(0, 0, heads * dimension)]);
        return MatMul($"{name}/o_proj", mixed, Weight(Layer(layer, "self_attn.o_proj.weight"), weights.Output, heads * dimension, _config.Hidden));

        OnnxValue Heads(string part, ReadOnlyMemory<float> values, int count)
        {
            var flat = MatMul($"{name}/{part}_proj", input, Weight(Layer(layer, $"self_attn.{part}_proj.weight"), values, _config.Hidden, count * dimension));
            var split = _graph.Node("Reshape", $"{name}/{part}/Reshape", [flat, _graph.Vector(0, 0, count, dimension)]);
            return _graph.Node("Transpose", $"{name}/{part}/Transpose", [split], OnnxAttribute.Of("perm", [0, 2, 1, 3]));
        }
    }

    private (OnnxValue Key, OnnxValue Value) Present(int layer, (OnnxValue Key, OnnxValue Value) past, OnnxValue key, OnnxValue value)
    {
        return (Grown("key", past.Key, key), Grown("value", past.Value, value));

        OnnxValue Grown(string part, OnnxValue before, OnnxValue now)
        {
            var present = _graph.Node("Concat", $"/model/layers.{layer}/present/{part}/Concat", [before, now], [$"present.{layer}.{part}"], OnnxAttribute.Of("axis", 2))[0];
            _graph.Output(present, _type, "batch_size", _config.KvHeads, "total_length", _config.HeadDimension);
            return present;
        }
    }

    private (OnnxValue Key, OnnxValue Value) MergedPresent(int layer, (OnnxValue Key, OnnxValue Value) past, OnnxValue key, OnnxValue value)
    {
        var name = $"/model/layers.{layer}/present";
        var (grownKey, grownValue) = (Grown("key", past.Key, key), Grown("value", past.Value, value));
        var present = _graph.Node("Concat", $"{name}/Concat", [First("key", grownKey), First("value", grownValue)], [$"present_{layer}"], OnnxAttribute.Of("axis", 0))[0];
        _graph.Output(present, _type, 2, "batch_size", _config.KvHeads, "total_length", _config.HeadDimension);
        return (grownKey, grownValue);

        OnnxValue Grown(string part, OnnxValue before, OnnxValue now) => _graph.Node("Concat", $"{name}/{part}/Concat", [before, now], OnnxAttribute.Of("axis", 2));

        OnnxValue First(string part, OnnxValue grown) => _graph.Node("Unsqueeze", $"{name}/{part}/Unsqueeze", [grown, _graph.Vector(0)]);
    }

    /// <summary>Rotates the pairs (j, j + dimension / 2) of every head by the angle of their position.</summary>
    private OnnxValue Rotate(string name, OnnxValue heads, OnnxValue cos, OnnxValue sin)
    {
        var half = _config.HeadDimension / 2;
        var parts = _graph.Node("Split", $"{name}/Split", [heads, _graph.Vector(half, half)], [$"{name}/Split/output_0", $"{name}/Split/output_1"], OnnxAttribute.Of("axis", -1));
        var first = _graph.Node("Sub", $"{name}/Sub", [Mul("Mul", parts[0], cos), Mul("Mul_1", parts[1], sin)]);
        var second = _graph.Node("Add", $"{name}/Add", [Mul("Mul_2", parts[1], cos), Mul("Mul_3", parts[0], sin)]);
        return _graph.Node("Concat", $"{name}/Concat", [first, second], OnnxAttribute.Of("axis", -1));

        OnnxValue Mul(string node, OnnxValue a, OnnxValue b) => _graph.Node("Mul", $"{name}/{node}", [a, b]);
    }
}
