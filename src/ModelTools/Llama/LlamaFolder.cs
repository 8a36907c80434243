using System.Text.Json;
using System.Text.Json.Nodes;
using Meridian.Inference.Decoders.Contract;
using Meridian.Inference.Packages;
using Meridian.ModelTools.Output;
using Meridian.ModelTools.Tokenization;
using Meridian.Onnx;
using Meridian.Onnx.Writing;

namespace Meridian.ModelTools.Llama;

/// <summary>A Llama-architecture decoder as a folder in Hugging Face's and Optimum's layout.</summary>
public static class LlamaFolder
{
    /// <value>Path of the graph in the folder.</value>
    public const string Graph = "onnx/model.onnx";

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>Writes a model with random weights: graph, configuration, tokenizer. The folder appears completely or not at all.</summary>
    /// <param name="directory">Must be empty or must not exist.</param>
    /// <param name="config">Dimensions; the vocabulary must hold <see cref="MadeVocabulary.Smallest"/> tokens.</param>
    /// <param name="seed">Seed of the weights.</param>
    /// <param name="layout">Cache layout.</param>
    /// <param name="type">Float or Float16.</param>
    /// <param name="written">Receives the bytes of weights written so far and in all.</param>
    /// <param name="cancellationToken">Ends the writing and removes what was written.</param>
    /// <exception cref="OutputRefusedException">The folder is not empty or cannot be written.</exception>
    public static void Make(
        string directory,
        LlamaConfig config,
        int seed,
        KvLayout layout,
        OnnxType type = OnnxType.Float,
        Action<long, long>? written = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(config);
        using var folder = OutputFolder.Begin(directory);
        WriteGraph(folder.Path, LlamaGraph.Build(config, RandomWeights.Make(config, seed), layout, type), written, cancellationToken);
        WriteConfig(folder.Path, config, type);
        MadeTokenizer.Write(folder.Path, MadeVocabulary.Make(config.Vocabulary), config.Context);
        folder.Complete();
    }

    /// <summary>
    /// Writes the model of another folder in another cache layout or precision, and copies its other files. The folder appears completely or not at all.
    /// </summary>
    /// <param name="source">Folder of a Llama-architecture decoder.</param>
    /// <param name="directory">Must be empty or must not exist.</param>
    /// <param name="layout">Cache layout.</param>
    /// <param name="type">Float or Float16; null keeps the source's.</param>
    /// <param name="written">Receives the bytes of weights written so far and in all.</param>
    /// <param name="cancellationToken">Ends the writing and removes what was written.</param>
    /// <exception cref="Inference.Packages.ModelPackageException">The source is not such a model, or is damaged.</exception>
    /// <exception cref="OutputRefusedException">The folder is not empty or cannot be written.</exception>
    public static void Export(
        string source,
        string directory,
        KvLayout layout,
        OnnxType? type = null,
        Action<long, long>? written = null,
        CancellationToken cancellationToken = default)
    {
        var config = LlamaConfig.Read(source);
        using var folder = OutputFolder.Begin(directory);
        var weights = LlamaWeights.Read(source, config);
        var precision = type ?? weights.Type;
        WriteGraph(folder.Path, LlamaGraph.Build(config, weights, layout, precision), written, cancellationToken);
        foreach (var file in Directory.EnumerateFiles(source))
        {
            // Graphs and their tensors are written anew. All other files belong to the model and are copied.
            var name = Path.GetFileName(file);
            if (name.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase) || name.Contains(".onnx_data", StringComparison.OrdinalIgnoreCase) || name.Contains(".onnx.data", StringComparison.OrdinalIgnoreCase))
                continue;
            var copy = Path.Combine(folder.Path, name);
            File.Copy(FolderFiles.Resolve(source, name), copy);

            // File.Copy also copies the read-only attribute. The copy must be writable.
            File.SetAttributes(copy, FileAttributes.Normal);
        }

        SetPrecision(Path.Combine(folder.Path, "config.json"), precision);
        folder.Complete();
    }

    /// <summary>Writes a model into a folder that is being made: graph and configuration of its own, tokenizer and licence of another model.</summary>
    /// <param name="directory">Where to.</param>
    /// <param name="config">Dimensions.</param>
    /// <param name="weights">Weights.</param>
    /// <param name="other">Folder of the model whose tokens it has.</param>
    /// <param name="cancellationToken">Ends the writing.</param>
    internal static void WriteLike(string directory, LlamaConfig config, LlamaWeights weights, string other, CancellationToken cancellationToken)
    {
        WriteGraph(directory, LlamaGraph.Build(config, weights, KvLayout.Shared, OnnxType.Float), null, cancellationToken);
        WriteConfig(directory, config, OnnxType.Float);
        string[] shared = ["generation_config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "chat_template.jinja", "LICENSE", "LICENSE.txt", "LICENSE.md"];
        foreach (var file in shared)
        {
            var place = FolderFiles.Resolve(other, file);
            if (!File.Exists(place))
                continue;
            var copy = Path.Combine(directory, file);
            File.Copy(place, copy, overwrite: true);
            File.SetAttributes(copy, FileAttributes.Normal);
        }
    }

    /// <summary>Dimensions as <see cref="Make"/> wants them: ids of special tokens are those of <see cref="MadeVocabulary"/>.</summary>
    public static LlamaConfig Configure(int layers, int hidden, int heads, int kvHeads, int intermediate, int vocabulary, int context, bool tie = true) => new()
    {
        Layers = layers,
        Hidden = hidden,
        Heads = heads,
        KvHeads = kvHeads,
        HeadDimension = heads > 0 && hidden % heads == 0 ? hidden / heads : 0,
        Intermediate = intermediate,
        Vocabulary = vocabulary,
        Context = context,
        TieEmbeddings = tie,
        PadId = 0,
        BosId = 1,
        EosIds = [2, 4],
    };

    internal static void WriteGraph(string directory, OnnxGraphBuilder graph, Action<long, long>? written, CancellationToken cancellationToken)
    {
        var path = Path.Combine(directory, Graph);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        OnnxModelFile.Write(path, graph, written: written, cancellationToken: cancellationToken);
    }

    private static void SetPrecision(string path, OnnxType type)
    {
        var config = JsonNode.Parse(File.ReadAllBytes(path))!.AsObject();
        var field = config.ContainsKey("dtype") ? "dtype" : "torch_dtype";
        if (config[field]?.GetValue<string>() == Name(type))
            return;
        config[field] = Name(type);
        File.WriteAllText(path, config.ToJsonString(Indented) + "\n");
    }

    /// <summary>The precision of the weights according to the folder's <c>config.json</c>.</summary>
    internal static OnnxType Precision(string directory)
    {
        var config = JsonNode.Parse(File.ReadAllBytes(Path.Combine(directory, "config.json")))!.AsObject();
        return (config["dtype"] ?? config["torch_dtype"])?.GetValue<string>() == "float16" ? OnnxType.Float16 : OnnxType.Float;
    }

    private static string Name(OnnxType type) => type == OnnxType.Float16 ? "float16" : "float32";

    private static void WriteConfig(string directory, LlamaConfig config, OnnxType type)
    {
        var model = new JsonObject
        {
            ["architectures"] = new JsonArray("LlamaForCausalLM"),
            ["attention_bias"] = false,
            ["bos_token_id"] = config.BosId,
            ["eos_token_id"] = Eos(),
            ["head_dim"] = config.HeadDimension,
            ["hidden_act"] = "silu",
            ["hidden_size"] = config.Hidden,
            ["intermediate_size"] = config.Intermediate,
            ["max_position_embeddings"] = config.Context,
            ["mlp_bias"] = false,
            ["model_type"] = "llama",
            ["num_attention_heads"] = config.Heads,
            ["num_hidden_layers"] = config.Layers,
            ["num_key_value_heads"] = config.KvHeads,
            ["pad_token_id"] = config.PadId,
            ["rms_norm_eps"] = config.RmsEpsilon,
            ["rope_scaling"] = null,
            ["rope_theta"] = config.RopeTheta,
            ["tie_word_embeddings"] = config.TieEmbeddings,
            ["torch_dtype"] = Name(type),
            ["use_cache"] = true,
            ["vocab_size"] = config.Vocabulary,
        };
        var generation = new JsonObject
        {
            ["bos_token_id"] = config.BosId,
            ["do_sample"] = true,
            ["eos_token_id"] = Eos(),
            ["pad_token_id"] = config.PadId,
        };
        File.WriteAllText(Path.Combine(directory, "config.json"), model.ToJsonString(Indented) + "\n");
        File.WriteAllText(Path.Combine(directory, "generation_config.json"), generation.ToJsonString(Indented) + "\n");

        JsonArray Eos() => new([.. config.EosIds.Select(id => (JsonNode)id)]);
    }
}
