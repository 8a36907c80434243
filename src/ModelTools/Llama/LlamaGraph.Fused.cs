using Meridian.Onnx;
using Meridian.Onnx.Writing;


namespace Meridian.ModelTools.Llama;

// ONNX Runtime's own operators, put together as onnxruntime-genai's exports have them: GroupQueryAttention with rotation inside, keys and values of past and present
// in one buffer, queries, keys and values from one product, residual addition and norm in one operator.
public sealed partial class LlamaGraph
{
    private const string GroupQueryAttention = OnnxGraphBuilder.MicrosoftDomain + ":GroupQueryAttention";
    private const string Rotary = OnnxGraphBuilder.MicrosoftDomain + ":RotaryEmbedding";
    private const string SkipNorm = OnnxGraphBuilder.MicrosoftDomain + ":SkipSimplifiedLayerNormalization";

    // The operator rotates only heads whose dimension is a multiple of 16; others are rotated before it.
    private bool RotatesInside => _config.HeadDimension % 16 == 0;

    private void Fused()
    {
        var ids = _graph.Input("input_ids", OnnxType.Int64, "batch_size", "sequence_length");
        var attention = _graph.Input("attention_mask", OnnxType.Int64, "batch_size", "total_length");
        var pasts = new (OnnxValue Key, OnnxValue Value)[_config.Layers];
        for (var i = 0; i < pasts.Length; i++)
            pasts[i] = (Past(i, "key"), Past(i, "value"));

        var (lengths, total) = Lengths(attention);
        var (cos, sin) = RotationTables();
        var positions = RotatesInside ? OnnxValue.None : Positions(ids, attention);
        var embedding = Weight("model.embed_tokens.weight", _weights.Embedding, _config.Vocabulary, _config.Hidden);
        var residual = _graph.Node("Gather", "/model/embed_tokens/Gather", [embedding, ids]);
        var normed = _graph.Node(
            "SimplifiedLayerNormalization",
            "/model/layers.0/input_layernorm/SimplifiedLayerNormalization",
            [residual, Weight(Layer(0, "input_layernorm.weight"), _weights.Layers[0].InputNorm, _config.Hidden)],
            OnnxAttribute.Of("axis", -1),
            OnnxAttribute.Of("epsilon", _config.RmsEpsilon),
            OnnxAttribute.Of("stash_type", 1));
        for (var i = 0; i < _config.Layers; i++)
        {
            var attended = FusedAttention(i, normed, pasts[i], lengths, total, cos, sin, positions);
            (normed, residual) = AddAndNorm(
                $"/model/layers.{i}/post_attention_layernorm", residual, attended, Weight(Layer(i, "post_attention_layernorm.weight"), _weights.Layers[i].MlpNorm, _config.Hidden));
            var expanded = Mlp(i, normed);
            (normed, residual) = i + 1 < _config.Layers
                ? AddAndNorm($"/model/layers.{i + 1}/input_layernorm", residual, expanded, Weight(Layer(i + 1, "input_layernorm.weight"), _weights.Layers[i + 1].InputNorm, _config.Hidden))
                : AddAndNorm("/model/norm", residual, expanded, Weight("model.norm.weight", _weights.FinalNorm, _config.Hidden), last: true);
        }

        Head(embedding, Kept(normed));
    }

    /// <summary>Index of each row's last token, [batch] int32, and the longest length, int32 scalar; both from the mask.</summary>
    private (OnnxValue Lengths, OnnxValue Total) Lengths(OnnxValue attention)
    {
        const string Name = "/model/attn_mask";
        var sum = _graph.Node("ReduceSum", $"{Name}/ReduceSum", [attention, _graph.Vector(1)], OnnxAttribute.Of("keepdims", 0));
        var last = Cast($"{Name}/seqlens_k/Cast", _graph.Node("Sub", $"{Name}/Sub", [sum, _graph.Vector(1)]), OnnxType.Int32);
        var shape = _graph.Node("Shape", $"{Name}/Shape", [attention]);
        var total = _graph.Node("Gather", $"{Name}/Gather", [shape, _graph.Scalar(1)], OnnxAttribute.Of("axis", 0));
        return (last, Cast($"{Name}/total_length/Cast", total, OnnxType.Int32));
    }

    private (OnnxValue Cos, OnnxValue Sin) RotationTables()
    {
        var half = _config.HeadDimension / 2;
        return (Table("cos_cache", Math.Cos), Table("sin_cache", Math.Sin));

        OnnxValue Table(string name, Func<double, double> function) =>
            _graph.Initializer(OnnxInitializer.Of(name, _type, [_config.Context, half], Rows(function)));

        // A row at a time: they are computed as they are written.
        IEnumerable<ReadOnlyMemory<float>> Rows(Func<double, double> function)
        {
            var frequencies = new float[half];
            for (var j = 0; j < half; j++)
                frequencies[j] = (float)Frequency(j);
            var row = new float[half];
            for (var position = 0; position < _config.Context; position++)
            {
                // The angle is a float32 product, as the plain graph computes it: at distant positions its rounding shows.
                for (var j = 0; j < half; j++)
                    row[j] = (float)function(position * frequencies[j]);
                yield return row;
            }
        }
    }

    /// <summary>Positions of a run's tokens, [batch, seq]: counted from 0 where the run begins the sequences (shorter rows end in padding), else up to each row's last token.</summary>
    private OnnxValue Positions(OnnxValue ids, OnnxValue attention)
    {
        const string Name = "/model/positions";
        var sum = _graph.Node("ReduceSum", $"{Name}/ReduceSum", [attention, _graph.Vector(1)], OnnxAttribute.Of("keepdims", 1));
        var sequence = Length("sequence", ids);
        var before = _graph.Node("Sub", $"{Name}/Sub", [sum, sequence]);
        var begins = _graph.Node("Equal", $"{Name}/Equal", [Length("total", attention), sequence]);
        var first = _graph.Node("Where", $"{Name}/Where", [begins, _graph.Scalar(0), before]);
        return _graph.Node("Add", $"{Name}/Add", [first, _graph.Node("Range", $"{Name}/Range", [_graph.Scalar(0), sequence, _graph.Scalar(1)])]);

        OnnxValue Length(string what, OnnxValue value) => _graph.Node(
            "Gather", $"{Name}/{what}/Gather", [_graph.Node("Shape", $"{Name}/{what}/Shape", [value]), _graph.Scalar(1)], OnnxAttribute.Of("axis", 0));
    }

    private OnnxValue FusedAttention(
        int layer, OnnxValue input, (OnnxValue Key, OnnxValue Value) past, OnnxValue lengths, OnnxValue total, OnnxValue cos, OnnxValue sin, OnnxValue positions)
    {
        var (weights, name) = (_weights.Layers[layer], $"/model/layers.{layer}/attn");
        var (queries, keys) = (_config.Heads * _config.HeadDimension, _config.KvHeads * _config.HeadDimension);
        var packed = _graph.Initializer(OnnxInitializer.Of(
            Layer(layer, "attn.qkv_proj.weight"),
            _type,
            [_config.Hidden, queries + (2 * keys)],
            SideBySide(_config.Hidden, (weights.Query, queries), (weights.Key, keys), (weights.Value, keys))));
        var projected = MatMul($"{name}/qkv_proj", input, packed);
        OnnxValue[] inputs = [projected, OnnxValue.None, OnnxValue.None, past.Key, past.Value, lengths, total, cos, sin];
        if (!RotatesInside)
        {
            var parts = _graph.Node(
                "Split", $"{name}/Split", [projected, _graph.Vector(queries, keys, keys)], [$"{name}/Split/output_0", $"{name}/Split/output_1", $"{name}/Split/output_2"], OnnxAttribute.Of("axis", -1));
            inputs = [Rotated("q", parts[0], _config.Heads), Rotated("k", parts[1], _config.KvHeads), parts[2], past.Key, past.Value, lengths, total];
        }

        var attended = _graph.Node(
            GroupQueryAttention,
            $"{name}/GroupQueryAttention",
            inputs,
            [$"{name}/GroupQueryAttention/output_0", $"present.{layer}.key", $"present.{layer}.value"],
            OnnxAttribute.Of("num_heads", _config.Heads),
            OnnxAttribute.Of("kv_num_heads", _config.KvHeads),
            OnnxAttribute.Of("scale", 1 / MathF.Sqrt(_config.HeadDimension)),
            OnnxAttribute.Of("do_rotary", RotatesInside ? 1 : 0),
            OnnxAttribute.Of("rotary_interleaved", 0));
        _graph.Output(attended[1], _type, "batch_size", _config.KvHeads, "total_length", _config.HeadDimension);
        _graph.Output(attended[2], _type, "batch_size", _config.KvHeads, "total_length", _config.HeadDimension);
        return MatMul($"{name}/o_proj", attended[0], Weight(Layer(layer, "attn.o_proj.weight"), weights.Output, queries, _config.Hidden));

        OnnxValue Rotated(string part, OnnxValue value, int heads) => _graph.Node(
            Rotary, $"{name}/{part}_rotary/RotaryEmbedding", [value, positions, cos, sin], OnnxAttribute.Of("num_heads", heads), OnnxAttribute.Of("interleaved", 0));
    }

    private (OnnxValue Normed, OnnxValue Sum) AddAndNorm(string name, OnnxValue residual, OnnxValue added, OnnxValue weight, bool last = false)
    {
        name += "/SkipLayerNorm";
        string[] outputs = last ? [$"{name}/output_0"] : [$"{name}/output_0", "", "", $"{name}/output_3"];
        var made = _graph.Node(SkipNorm, name, [residual, added, weight], outputs, OnnxAttribute.Of("epsilon", _config.RmsEpsilon));
        return (made[0], last ? OnnxValue.None : made[3]);
    }

    /// <summary>Matrices with the same rows as one: row after row, nothing is copied.</summary>
    private static IEnumerable<ReadOnlyMemory<float>> SideBySide(int rows, params (ReadOnlyMemory<float> Values, int Columns)[] matrices)
    {
        for (var row = 0; row < rows; row++)
        {
            foreach (var (values, columns) in matrices)
                yield return values.Slice(row * columns, columns);
        }
    }
}
