using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Meridian.Inference.Packages;

namespace Meridian.Inference.Tests.Tokenization;

/// <summary>Small tokenizers of every kind, as Hugging Face writes them.</summary>
internal static class MadeTokenizer
{
    public const string End = "<|end|>";

    private static readonly JsonSerializerOptions Plain = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>GPT-2's way: tokens are bytes.</summary>
    public static JsonObject ByteLevel()
    {
        string[] merges = ["Ġ t", "Ġt h", "Ġth e", "h e", "i n", "e r", "Ã ©", "ð Ł", "ðŁ ĺ", "Ģ ðŁ", "a a", "aa aa", "Ġ Ġ", "ĠĠ ĠĠ"];
        var vocabulary = new JsonObject();
        var next = 256;
        for (var value = 0; value < 256; value++)
        {
            var printable = value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
            vocabulary[((char)(printable ? value : next++)).ToString()] = vocabulary.Count;
        }

        foreach (var merge in merges)
            vocabulary[merge.Replace(" ", "", StringComparison.Ordinal)] = vocabulary.Count;
        var byteLevel = new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = true, ["use_regex"] = true };
        var added = new JsonArray(Added(vocabulary.Count, End, special: true), Added(vocabulary.Count + 1, "<tool é>", special: false));
        return Tokenizer(Bpe(vocabulary, merges), added, preTokenizer: byteLevel, decoder: (JsonObject)byteLevel.DeepClone());
    }

    /// <summary>Llama's way: spaces are ▁, characters without a token are byte tokens. With the leading space that is taken off again, or without.</summary>
    public static JsonObject ByteFallback(bool leadingSpace)
    {
        var vocabulary = new JsonObject { ["<unk>"] = 0, ["<s>"] = 1, ["</s>"] = 2 };
        for (var value = 0; value < 256; value++)
            vocabulary[$"<0x{value:X2}>"] = vocabulary.Count;
        string[] merges = ["▁ a", "▁ ▁", "b c", "▁a bc"];
        foreach (var token in new[] { "▁", "a", "b", "c", ".", "▁a", "▁▁", "bc", "▁abc" })
            vocabulary[token] = vocabulary.Count;
        var model = Bpe(vocabulary, merges);
        model["byte_fallback"] = true;
        model["unk_token"] = "<unk>";
        var decoders = new JsonArray(
            new JsonObject { ["type"] = "Replace", ["pattern"] = new JsonObject { ["String"] = "▁" }, ["content"] = " " },
            new JsonObject { ["type"] = "ByteFallback" },
            new JsonObject { ["type"] = "Fuse" });
        if (leadingSpace)
            decoders.Add(new JsonObject { ["type"] = "Strip", ["content"] = " ", ["start"] = 1, ["stop"] = 0 });
        var replace = new JsonObject { ["type"] = "Replace", ["pattern"] = new JsonObject { ["String"] = " " }, ["content"] = "▁" };
        var normalizer = leadingSpace
            ? new JsonObject { ["type"] = "Sequence", ["normalizers"] = new JsonArray(new JsonObject { ["type"] = "Prepend", ["prepend"] = "▁" }, replace) }
            : replace;
        return Tokenizer(
            model, new JsonArray(Added(0, "<unk>", true), Added(1, "<s>", true), Added(2, "</s>", true)), normalizer, decoder: new JsonObject { ["type"] = "Sequence", ["decoders"] = decoders });
    }

    /// <summary>The words of <paramref name="tokens"/> with a decoder.</summary>
    public static JsonObject Words(JsonObject? decoder, params string[] tokens)
    {
        var vocabulary = new JsonObject();
        foreach (var token in tokens)
            vocabulary[token] = vocabulary.Count;
        return Tokenizer(
            new JsonObject { ["type"] = "WordLevel", ["vocab"] = vocabulary, ["unk_token"] = tokens[0] },
            new JsonArray(Added(1, tokens[1], special: true)),
            preTokenizer: new JsonObject { ["type"] = "WhitespaceSplit" },
            decoder: decoder);
    }

    public static string Json(JsonObject tokenizer) => tokenizer.ToJsonString(Plain);

    public static async Task<ModelPackage> PackageAsync(string directory, string tokenizer, params (string Name, string Text)[] others)
    {
        foreach (var (name, text) in others.Prepend(("tokenizer.json", tokenizer)))
            await File.WriteAllTextAsync(Path.Combine(directory, name), text, new UTF8Encoding(false), TestContext.Current.CancellationToken);
        return await MadePackage.OfAsync(directory, [.. others.Select(o => o.Name).Prepend("tokenizer.json")]);
    }

    public static JsonObject Added(int id, string content, bool special) => new()
    {
        ["id"] = id,
        ["content"] = content,
        ["single_word"] = false,
        ["lstrip"] = false,
        ["rstrip"] = false,
        ["normalized"] = false,
        ["special"] = special,
    };

    private static JsonObject Bpe(JsonObject vocabulary, string[] merges) => new()
    {
        ["type"] = "BPE",
        ["dropout"] = null,
        ["unk_token"] = null,
        ["continuing_subword_prefix"] = null,
        ["end_of_word_suffix"] = null,
        ["fuse_unk"] = false,
        ["byte_fallback"] = false,
        ["ignore_merges"] = false,
        ["vocab"] = vocabulary,
        ["merges"] = new JsonArray([.. merges.Select(m => (JsonNode)m)]),
    };

    private static JsonObject Tokenizer(JsonObject model, JsonArray added, JsonObject? normalizer = null, JsonObject? preTokenizer = null, JsonObject? decoder = null) => new()
    {
        ["version"] = "1.0",
        ["truncation"] = null,
        ["padding"] = null,
        ["added_tokens"] = added,
        ["normalizer"] = normalizer,
        ["pre_tokenizer"] = preTokenizer,
        ["post_processor"] = null,
        ["decoder"] = decoder,
        ["model"] = model,
    };
}
