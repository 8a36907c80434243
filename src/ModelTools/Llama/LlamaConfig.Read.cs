using System.Text.Json;
using Meridian.Inference.Packages;

namespace Meridian.ModelTools.Llama;

public sealed partial record LlamaConfig
{
    /// <summary>Reads a folder's <c>config.json</c> and, if it exists, <c>generation_config.json</c>.</summary>
    /// <exception cref="ModelPackageException">A file is missing or is not JSON, or the model has another architecture. The message names the unsupported
    /// value.</exception>
    public static LlamaConfig Read(string directory)
    {
        var path = Path.Combine(directory, "config.json");
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            var config = Read(document.RootElement, path);
            var generation = Path.Combine(directory, "generation_config.json");
            if (!File.Exists(generation))
                return config;
            path = generation;
            using var other = JsonDocument.Parse(File.ReadAllBytes(generation));
            return config with
            {
                EosIds = Ids(other.RootElement, "eos_token_id") is { Count: > 0 } ends ? ends : config.EosIds,
                BosId = Ids(other.RootElement, "bos_token_id") is [var bos, ..] ? bos : config.BosId,
                PadId = Ids(other.RootElement, "pad_token_id") is [var pad, ..] ? pad : config.PadId,
            };
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new ModelPackageException(path, $"'{path}' cannot be understood: {e.Message} Take the model's own file.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelPackageException(path, $"'{path}' cannot be read: {e.Message} Name a Hugging Face folder of a Llama-architecture model.", e);
        }
    }

    private static LlamaConfig Read(JsonElement root, string path)
    {
        var type = root.TryGetProperty("model_type", out var value) ? value.GetString() : null;
        if (type is not ("llama" or "mistral"))
            throw Refused("model_type", type ?? "missing", "llama, or mistral without a window");
        Only("hidden_act", "silu", needed: false);
        Off("attention_bias");
        Off("mlp_bias");
        Off("sliding_window");
        var rope = Set("rope_parameters") ?? Set("rope_scaling");
        if (rope is { } scaling && Kind(scaling) is { } kind and not "default")
            throw Refused("rope scaling", kind, "none");
        var (hidden, heads) = (Whole("hidden_size"), Whole("num_attention_heads"));
        var read = new LlamaConfig
        {
            Layers = Whole("num_hidden_layers"),
            Hidden = hidden,
            Heads = heads,
            KvHeads = Set("num_key_value_heads")?.GetInt32() ?? heads,
            HeadDimension = Set("head_dim")?.GetInt32() ?? (heads > 0 ? hidden / heads : 0),
            Intermediate = Whole("intermediate_size"),
            Vocabulary = Whole("vocab_size"),
            Context = Whole("max_position_embeddings"),
            RmsEpsilon = Set("rms_norm_eps")?.GetSingle() ?? 1e-6f,
            RopeTheta = Set("rope_theta")?.GetDouble() ?? (rope is { } parameters && parameters.TryGetProperty("rope_theta", out var theta) ? theta.GetDouble() : 10_000),
            TieEmbeddings = Set("tie_word_embeddings")?.GetBoolean() ?? false,
            BosId = Ids(root, "bos_token_id") is [var bos, ..] ? bos : 1,
            EosIds = Ids(root, "eos_token_id"),
            PadId = Ids(root, "pad_token_id") is [var pad, ..] ? pad : 0,
        };
        return read.Mistakes() is { Count: > 0 } mistakes
            ? throw new ModelPackageException(path, $"'{path}' describes no model: {string.Join(" ", mistakes)}")
            : read;

        JsonElement? Set(string name) => root.TryGetProperty(name, out var found) && found.ValueKind != JsonValueKind.Null ? found : null;

        int Whole(string name) => Set(name)?.GetInt32() ?? throw new KeyNotFoundException($"it has no {name}.");

        void Only(string name, string wanted, bool needed)
        {
            var found = Set(name)?.GetString();
            if (found != wanted && (needed || found is not null))
                throw Refused(name, found ?? "missing", wanted);
        }

        void Off(string name)
        {
            if (Set(name) is { ValueKind: not JsonValueKind.False } found)
                throw Refused(name, found.GetRawText(), "false or none");
        }

        static string? Kind(JsonElement scaling) =>
            scaling.TryGetProperty("rope_type", out var kind) || scaling.TryGetProperty("type", out kind) ? kind.GetString() : null;

        ModelPackageException Refused(string name, string found, string wanted) =>
            new(path, $"'{path}' has {name} {found}; graphs are written for {wanted}. Use the model's own ONNX export.");
    }

    private static IReadOnlyList<int> Ids(JsonElement root, string name) => root.TryGetProperty(name, out var value)
        ? value.ValueKind switch
        {
            JsonValueKind.Number => [value.GetInt32()],
            JsonValueKind.Array => [.. value.EnumerateArray().Select(id => id.GetInt32())],
            _ => [],
        }
        : [];
}
