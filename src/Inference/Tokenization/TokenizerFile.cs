using System.Text.Json;
using Meridian.Inference.Packages;

namespace Meridian.Inference.Tokenization;

/// <summary>
/// Reads a package's <c>tokenizer.json</c>: the facts that the native library does not expose, and the mistakes that it would silently accept.
/// </summary>
internal sealed class TokenizerFile
{
    /// <summary>
    /// Upper limit of ids, more than any model has. A higher id means that the file is damaged. The limit keeps such a file from filling the memory.
    /// </summary>
    private const int MostIds = 1 << 22;

    private readonly ModelPackage _package;
    private readonly string _path;

    private TokenizerFile(ModelPackage package, string path, byte[] json)
    {
        _package = package;
        _path = Path.Combine(package.Directory, path);
        Json = json;
    }

    /// <value>The file for the native library: unchanged, except that truncation and padding are off.</value>
    public byte[] Json { get; private set; }

    /// <value>Tokens by id; null for an id without a token.</value>
    public string?[] Tokens { get; private set; } = [];

    /// <value>Ids of special tokens, which have no text.</value>
    public HashSet<int> Special { get; } = [];

    /// <value>Added tokens, in the file's order. They come in addition to the pieces of the vocabulary.</value>
    public List<AddedToken> Added { get; } = [];

    /// <value>The id of text that the vocabulary lacks; null if the file names none.</value>
    public int? UnknownId { get; private set; }

    /// <value>The file's <c>decoder</c>; null or undefined if it has none.</value>
    public JsonElement Decoder { get; private set; }

    /// <value>Whether the normalizer converts letters to lower case.</value>
    public bool Lowers { get; private set; }

    public int VocabularySize => Tokens.Length;

    public bool HasToken(int id) => (uint)id < (uint)Tokens.Length && Tokens[id] is not null;

    /// <exception cref="ModelPackageException">The package names no tokenizer, its file was altered, or the tokenizer cannot be used.</exception>
    public static TokenizerFile Read(ModelPackage package)
    {
        ArgumentNullException.ThrowIfNull(package);
        var path = package.Manifest.Tokenizer
            ?? throw new ModelPackageException(package.Manifest.Id, $"Model {package.Manifest.Id} names no tokenizer in its manifest; add tokenizer.json to the package.");
        var file = new TokenizerFile(package, path, package.ReadFile(path));
        try
        {
            using var document = JsonDocument.Parse(file.Json);
            file.Inspect(document.RootElement);
            if (IsSet(document.RootElement, "truncation") || IsSet(document.RootElement, "padding"))
                file.Json = Uncut(document.RootElement);
            return file;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw file.Mistake($"is no Hugging Face tokenizer with a vocabulary of token to id: {e.Message} Export tokenizer.json again.", e);
        }
    }

    public ModelPackageException Mistake(string what) => new(_path, Sentence(what));

    public ModelPackageException Mistake(string what, Exception inner) => new(_path, Sentence(what), inner);

    private string Sentence(string what) => $"Tokenizer '{_path}' of {_package.Manifest.Id} {what}";

    private void Inspect(JsonElement root)
    {
        var ids = Vocabulary(root.GetProperty("model").GetProperty("vocab"));
        var tokens = new Dictionary<int, string>(ids.Count);
        foreach (var (token, id) in ids)
        {
            if (id is < 0 or >= MostIds)
                throw Mistake($"gives token '{token}' the id {id}; ids are from 0 to {MostIds - 1}. Export tokenizer.json again.");
            if (!tokens.TryAdd(id, token))
                throw Mistake($"gives id {id} to the tokens '{tokens[id]}' and '{token}'. Export tokenizer.json again.");
        }

        if (root.TryGetProperty("added_tokens", out var added) && added.ValueKind == JsonValueKind.Array)
            AddTokens(added, ids, tokens);
        var model = root.GetProperty("model");
        if (model.TryGetProperty("unk_id", out var unknown) && unknown.ValueKind == JsonValueKind.Number)
            UnknownId = unknown.GetInt32();
        else if (model.TryGetProperty("unk_token", out var name) && name.ValueKind == JsonValueKind.String && ids.TryGetValue(name.GetString()!, out var id))
            UnknownId = id;
        Tokens = new string?[tokens.Count == 0 ? 0 : tokens.Keys.Max() + 1];
        foreach (var (id, token) in tokens)
            Tokens[id] = token;
        if (root.TryGetProperty("decoder", out var decoder))
            Decoder = decoder.Clone();
        Lowers = root.TryGetProperty("normalizer", out var normalizer) && normalizer.ValueKind == JsonValueKind.Object
            && normalizer.GetProperty("type").GetString() == "BertNormalizer" && normalizer.GetProperty("lowercase").GetBoolean();
    }

    private static Dictionary<string, int> Vocabulary(JsonElement vocabulary)
    {
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        if (vocabulary.ValueKind == JsonValueKind.Array)
        {
            // Unigram: each piece is [token, score], in the order of ids.
            foreach (var piece in vocabulary.EnumerateArray())
            {
                if (piece.ValueKind != JsonValueKind.Array || piece.GetArrayLength() == 0 || piece[0].GetString() is not { } token)
                    throw new FormatException($"piece {ids.Count} of its vocabulary is no pair of token and score.");
                if (!ids.TryAdd(token, ids.Count))
                    throw new FormatException($"the piece '{token}' is listed twice.");
            }

            return ids;
        }

        foreach (var entry in vocabulary.EnumerateObject())
            ids[entry.Name] = entry.Value.GetInt32();
        return ids;
    }

    /// <summary>
    /// The native library ignores the ids that the file gives to added tokens. It numbers the added tokens that the vocabulary lacks itself. If the file has
    /// other ids, the model would get other ids than in its training, so such a file is refused.
    /// </summary>
    private void AddTokens(JsonElement added, Dictionary<string, int> ids, Dictionary<int, string> tokens)
    {
        var next = ids.Count;
        foreach (var token in added.EnumerateArray())
        {
            var content = token.GetProperty("content").GetString() ?? "";
            var id = token.GetProperty("id").GetInt32();
            if (content.Length == 0)
                continue;
            if (!ids.TryGetValue(content, out var given))
            {
                given = next;
                if (tokens.TryGetValue(given, out var other))
                    throw Mistake($"has an added token '{content}' whose id {given} is that of '{other}'. Export tokenizer.json again.");
                ids.Add(content, given);
                tokens.Add(given, content);
            }

            if (given != id)
                throw Mistake($"gives the added token '{content}' the id {id}, but its place in the vocabulary is {given}. Export tokenizer.json again, with all added tokens.");
            next = Math.Max(next, given + 1);
            var isSpecial = token.TryGetProperty("special", out var special) && special.GetBoolean();
            if (isSpecial)
                Special.Add(id);
            Added.Add(new AddedToken(content, id, isSpecial));
        }
    }

    /// <summary>
    /// Removes truncation and padding that a training or an export left in the file. Truncation would silently cut texts, and padding would be counted as
    /// tokens. The server applies its own limits.
    /// </summary>
    private static byte[] Uncut(JsonElement root)
    {
        using var json = new MemoryStream();
        using (var writer = new Utf8JsonWriter(json))
        {
            writer.WriteStartObject();
            foreach (var member in root.EnumerateObject())
            {
                if (member.Name is not ("truncation" or "padding"))
                    member.WriteTo(writer);
            }

            writer.WriteNull("truncation");
            writer.WriteNull("padding");
            writer.WriteEndObject();
        }

        return json.ToArray();
    }

    private static bool IsSet(JsonElement root, string name) => root.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null;

    /// <param name="IsSpecial">Whether it is a special token, which has no text.</param>
    public readonly record struct AddedToken(string Content, int Id, bool IsSpecial);
}
