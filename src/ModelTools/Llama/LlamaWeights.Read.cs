using System.Globalization;
using System.Text.RegularExpressions;
using Meridian.Inference.Packages;
using Meridian.Onnx;
using Meridian.Onnx.Reading;

namespace Meridian.ModelTools.Llama;

public sealed partial record LlamaWeights
{
    /// <summary>
    /// Reads the weights of a folder's ONNX graph with any cache layout. The name of a weight says what it is. If the exporter invented the name
    /// (<c>onnx::MatMul_123</c>), the name of the node that reads the weight says it. Linear weights are [in, out], as MatMul takes them.
    /// </summary>
    /// <exception cref="ModelPackageException">The graph is missing or damaged, or not all weights are found in the shapes that <c>config.json</c> says.</exception>
    public static LlamaWeights Read(string directory) => Read(directory, LlamaConfig.Read(directory));

    /// <inheritdoc cref="Read(string)"/>
    public static LlamaWeights Read(string directory, LlamaConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        var path = Path.Combine(directory, LlamaFolder.Graph);
        if (!File.Exists(path))
            path = Path.Combine(directory, Path.GetFileName(LlamaFolder.Graph));
        return new Source(OnnxWeights.Open(path), config, path).All();
    }

    private sealed partial class Source
    {
        private readonly OnnxWeights _weights;
        private readonly LlamaConfig _config;
        private readonly string _path;
        private readonly Dictionary<string, StoredTensor> _byRole = new(StringComparer.Ordinal);

        public Source(OnnxWeights weights, LlamaConfig config, string path)
        {
            (_weights, _config, _path) = (weights, config, path);
            foreach (var tensor in weights.Graph.Tensors.Values)
            {
                if (Role(tensor.Name) is { } role)
                    _byRole.TryAdd(role, tensor);
            }

            foreach (var node in weights.Graph.Nodes)
            {
                if (node.Operator is not ("MatMul" or "Gather" or "Mul") || Role(node.Name) is not { } role)
                    continue;
                foreach (var input in node.Inputs)
                {
                    if (weights.Graph.Tensors.TryGetValue(input, out var tensor) && tensor.Dimensions.Count > 0)
                        _byRole.TryAdd(role, tensor);
                }
            }
        }

        public LlamaWeights All()
        {
            var (hidden, queries, keys) = (_config.Hidden, _config.Heads * _config.HeadDimension, _config.KvHeads * _config.HeadDimension);
            var layers = new LlamaLayerWeights[_config.Layers];
            for (var i = 0; i < layers.Length; i++)
            {
                var packed = Find(i, "qkv_proj") is null ? null : Tensor(i, "qkv_proj", hidden, queries + (2 * keys));
                layers[i] = new LlamaLayerWeights
                {
                    InputNorm = Tensor(i, "input_layernorm", hidden),
                    Query = packed is null ? Tensor(i, "q_proj", hidden, queries) : Columns(packed, hidden, 0, queries),
                    Key = packed is null ? Tensor(i, "k_proj", hidden, keys) : Columns(packed, hidden, queries, keys),
                    Value = packed is null ? Tensor(i, "v_proj", hidden, keys) : Columns(packed, hidden, queries + keys, keys),
                    Output = Tensor(i, "o_proj", queries, hidden),
                    MlpNorm = Tensor(i, "post_attention_layernorm", hidden),
                    Gate = Tensor(i, "gate_proj", hidden, _config.Intermediate),
                    Up = Tensor(i, "up_proj", hidden, _config.Intermediate),
                    Down = Tensor(i, "down_proj", _config.Intermediate, hidden),
                };
            }

            if (Find(_config.Layers, "input_layernorm") is not null)
                throw new ModelPackageException(_path, $"'{_path}' has more layers than the {_config.Layers} of config.json; the two belong to different models.");
            return new LlamaWeights
            {
                Type = Find(0, "o_proj")!.Type == OnnxType.Float ? OnnxType.Float : OnnxType.Float16,
                Embedding = Tensor(null, "embed_tokens", _config.Vocabulary, hidden),
                Layers = layers,
                FinalNorm = Tensor(null, "norm", hidden),
                Head = _config.TieEmbeddings ? (ReadOnlyMemory<float>?)null : Tensor(null, "lm_head", hidden, _config.Vocabulary),
            };
        }

        private StoredTensor? Find(int? layer, string part) => _byRole.GetValueOrDefault(Key(layer?.ToString(CultureInfo.InvariantCulture) ?? "", part));

        private float[] Tensor(int? layer, string part, params ReadOnlySpan<long> shape)
        {
            var what = layer is null ? part : $"{part} of layer {layer}";
            var tensor = Find(layer, part)
                ?? throw new ModelPackageException(_path, $"'{_path}' has no weight that can be told to be {what}. Export it with Optimum from a Llama-architecture model, unquantized.");
            return shape.SequenceEqual(tensor.Dimensions.ToArray())
                ? _weights.Read(tensor)
                : throw new ModelPackageException(
                    _path, $"'{_path}': {what} ('{tensor.Name}') has shape [{string.Join(", ", tensor.Dimensions)}]; config.json says [{string.Join(", ", shape.ToArray())}]. The two belong to different models.");
        }

        private static float[] Columns(float[] matrix, int rows, int first, int count)
        {
            var width = matrix.Length / rows;
            var columns = GC.AllocateUninitializedArray<float>(rows * count);
            for (var row = 0; row < rows; row++)
                matrix.AsSpan((row * width) + first, count).CopyTo(columns.AsSpan(row * count));
            return columns;
        }

        /// <summary>What a name says that a weight is: the layer's number, if any, and the part.</summary>
        private static string? Role(string name) =>
            Layered().Match(name) is { Success: true } layered ? Key(layered.Groups[1].Value, layered.Groups[2].Value)
            : Single().Match(name) is { Success: true } single ? Key("", single.Groups[1].Value)
            : null;

        private static string Key(string layer, string part) => $"{layer}:{part}";

        [GeneratedRegex(@"(?:^|[./])layers[./](\d+)[./](?:(?:self_attn|attn|mlp)[./])?(input_layernorm|post_attention_layernorm|qkv_proj|q_proj|k_proj|v_proj|o_proj|gate_proj|up_proj|down_proj)(?:$|[./])")]
        private static partial Regex Layered();

        [GeneratedRegex(@"^[./]?(?:model[./])?(embed_tokens|norm|lm_head)(?:$|[./])")]
        private static partial Regex Single();
    }
}
