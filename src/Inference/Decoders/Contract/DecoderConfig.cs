using System.Text.Json;
using Meridian.Inference.Packages;

namespace Meridian.Inference.Decoders.Contract;

/// <summary>The dimensions and special tokens that <c>config.json</c> and <c>generation_config.json</c> of a Hugging Face decoder state.</summary>
public sealed record DecoderConfig
{
    public const string FileName = "config.json";
    public const string GenerationFileName = "generation_config.json";

    /// <value>Number of tokens in the vocabulary, which is the width of a row of logits.</value>
    public required int Vocabulary { get; init; }

    public required int Layers { get; init; }

    /// <value>Query heads.</value>
    public required int Heads { get; init; }

    /// <value>Heads of keys and values. With grouped-query attention there are fewer than <see cref="Heads"/>.</value>
    public required int KvHeads { get; init; }

    public required int HeadDimension { get; init; }

    /// <value>Maximum number of tokens of a sequence.</value>
    public required int ContextLength { get; init; }

    /// <value>Id that begins a sequence; null if the model has none.</value>
    public int? BeginId { get; init; }

    /// <value>
    /// Ids that end a text: first those of <c>generation_config.json</c>, then those of <c>config.json</c>. May be empty. The tokenizer may name another id,
    /// see <see cref="EndsWith"/>.
    /// </value>
    public int[] EndIds { get; init; } = [];

    /// <summary>All ids that end a text. The files of one model often name different ids, and in training each of them ended a text.</summary>
    /// <param name="tokenizerEnd">The end id that the tokenizer's files name, or null.</param>
    public int[] EndsWith(int? tokenizerEnd) => tokenizerEnd is { } id && !EndIds.Contains(id) ? [.. EndIds, id] : EndIds;

    /// <summary>Reads a package's configuration. The generation configuration is optional.</summary>
    /// <exception cref="ModelPackageException">A file is missing, altered or not JSON, or a dimension is missing or out of range.</exception>
    public static DecoderConfig Read(ModelPackage package)
    {
        ArgumentNullException.ThrowIfNull(package);
        var path = Path.Combine(package.Directory, FileName);
        if (!Array.Exists(package.Manifest.Files, f => f.Path == FileName))
            throw new ModelPackageException(path, $"Model {package.Manifest.Id} has no '{FileName}'; a decoder's dimensions and special tokens are read from it. Add the model's {FileName}.");
        using var config = Parse(path, package.ReadFile(FileName));
        using var generation = Array.Exists(package.Manifest.Files, f => f.Path == GenerationFileName)
            ? Parse(Path.Combine(package.Directory, GenerationFileName), package.ReadFile(GenerationFileName))
            : null;
        try
        {
            return Read(config.RootElement, generation?.RootElement, path);
        }
        catch (InvalidOperationException e)
        {
            // A name in JSON may contain an escaped half of a surrogate pair. Such a file parses, but reading the name fails.
            throw new ModelPackageException(path, $"'{path}' or {GenerationFileName} beside it cannot be read: {e.Message} Take the model's own file.", e);
        }
    }

    private static JsonDocument Parse(string path, byte[] json)
    {
        try
        {
            var document = JsonDocument.Parse(json);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
                return document;
            document.Dispose();
            throw new ModelPackageException(path, $"'{path}' holds no JSON object. Take the model's own file.");
        }
        catch (JsonException e)
        {
            throw new ModelPackageException(path, $"'{path}' is no JSON: {e.Message} Take the model's own file.", e);
        }
    }

    private static DecoderConfig Read(JsonElement config, JsonElement? generation, string path)
    {
        // Models of several modalities describe their decoder in a nested object.
        var text = config.TryGetProperty("text_config", out var nested) && nested.ValueKind == JsonValueKind.Object ? nested : config;
        var heads = Need(text, path, "num_attention_heads", "n_head", "num_heads");
        var kvHeads = Find(text, path, "num_key_value_heads", "num_kv_heads") ?? heads;
        var dimension = Find(text, path, "head_dim");
        if (dimension is null)
        {
            var width = Need(text, path, "hidden_size", "n_embd", "d_model");
            if (width % heads != 0)
                throw new ModelPackageException(path, $"'{path}' has hidden_size {width}, which its {heads} heads do not divide, and no head_dim. Give head_dim.");
            dimension = width / heads;
        }

        if (heads % kvHeads != 0)
            throw new ModelPackageException(path, $"'{path}' has {heads} attention heads on {kvHeads} key and value heads; the second must divide the first.");
        int[] ends = [.. generation is { } g ? Ids(g, "eos_token_id") : [], .. Ids(config, "eos_token_id"), .. Ids(text, "eos_token_id")];
        return new DecoderConfig
        {
            Vocabulary = Need(text, path, "vocab_size"),
            Layers = Need(text, path, "num_hidden_layers", "n_layer", "num_layers"),
            Heads = heads,
            KvHeads = kvHeads,
            HeadDimension = dimension.Value,
            ContextLength = Need(text, path, "max_position_embeddings", "n_positions", "n_ctx", "max_seq_len"),
            BeginId = One(generation, config, "bos_token_id"),
            EndIds = [.. ends.Distinct()],
        };
    }

    private static int Need(JsonElement config, string path, params ReadOnlySpan<string> names) =>
        Find(config, path, names) ?? throw new ModelPackageException(path, $"'{path}' has no {string.Join(" or ", names.ToArray())}; a decoder needs it.");

    private static int? Find(JsonElement config, string path, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (!config.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
                continue;
            if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number > 0)
                return number;
            throw new ModelPackageException(path, $"'{path}' has {name} {value.GetRawText()}; it is a whole number of at least 1.");
        }

        return null;
    }

    private static int? One(JsonElement? generation, JsonElement config, string name) =>
        (generation is { } g ? Ids(g, name) : []) is [var first, ..] ? first : Ids(config, name) is [var other, ..] ? other : null;

    private static int[] Ids(JsonElement config, string name)
    {
        if (!config.TryGetProperty(name, out var value))
            return [];
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var one))
            return [one];
        return value.ValueKind == JsonValueKind.Array
            ? [.. value.EnumerateArray().Where(v => v.ValueKind == JsonValueKind.Number && v.TryGetInt32(out _)).Select(v => v.GetInt32())]
            : [];
    }
}
