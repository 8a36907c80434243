using System.Text;
using System.Text.Json;

namespace Meridian.Inference.Packages.MiniLm;

/// <summary>
/// Builds the Hugging Face <c>tokenizer.json</c> of an uncased BERT from its <c>vocab.txt</c>, with the settings of bert-base-uncased (Devlin et al., 2018;
/// google-research/bert, tokenization.py). It has no truncation and no padding, because the engine applies the limits.
/// </summary>
internal static class BertTokenizerJson
{
    private static readonly string[] SpecialTokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];

    /// <param name="vocabulary">Content of <c>vocab.txt</c>: one token per line; the line number is the id. Lines may end in LF or CR LF.</param>
    /// <exception cref="InvalidDataException">A special token is missing, or a token occurs twice.</exception>
    public static byte[] Build(ReadOnlySpan<byte> vocabulary)
    {
        var tokens = Parse(vocabulary);
        using var buffer = new MemoryStream(1 << 20);

        // The default encoder escapes all characters outside ASCII. So the bytes, and with them the package's version, do not depend on a Unicode table.
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("version", "1.0");
            json.WriteNull("truncation");
            json.WriteNull("padding");
            AddedTokens(json, tokens);
            Normalizer(json);
            json.WriteStartObject("pre_tokenizer");
            json.WriteString("type", "BertPreTokenizer");
            json.WriteEndObject();
            PostProcessor(json, tokens);
            json.WriteStartObject("decoder");
            json.WriteString("type", "WordPiece");
            json.WriteString("prefix", "##");
            json.WriteBoolean("cleanup", true);
            json.WriteEndObject();
            Model(json, tokens);
            json.WriteEndObject();
        }

        return buffer.ToArray();
    }

    private static OrderedDictionary<string, int> Parse(ReadOnlySpan<byte> vocabulary)
    {
        var tokens = new OrderedDictionary<string, int>(32_768, StringComparer.Ordinal);
        var id = 0;
        foreach (var range in vocabulary.Split((byte)'\n'))
        {
            var line = vocabulary[range].TrimEnd((byte)'\r');
            if (line.IsEmpty && range.End.GetOffset(vocabulary.Length) == vocabulary.Length)
                break;
            var token = Encoding.UTF8.GetString(line);
            if (!tokens.TryAdd(token, id))
                throw new InvalidDataException($"vocab.txt lists '{token}' twice, in lines {tokens[token] + 1} and {id + 1}.");
            id++;
        }

        foreach (var special in SpecialTokens)
        {
            if (!tokens.ContainsKey(special))
                throw new InvalidDataException($"vocab.txt has {tokens.Count} tokens but not {special}.");
        }

        return tokens;
    }

    private static void AddedTokens(Utf8JsonWriter json, OrderedDictionary<string, int> tokens)
    {
        json.WriteStartArray("added_tokens");
        foreach (var special in SpecialTokens)
        {
            json.WriteStartObject();
            json.WriteNumber("id", tokens[special]);
            json.WriteString("content", special);
            json.WriteBoolean("single_word", false);
            json.WriteBoolean("lstrip", false);
            json.WriteBoolean("rstrip", false);
            json.WriteBoolean("normalized", false);
            json.WriteBoolean("special", true);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void Normalizer(Utf8JsonWriter json)
    {
        json.WriteStartObject("normalizer");
        json.WriteString("type", "BertNormalizer");
        json.WriteBoolean("clean_text", true);
        json.WriteBoolean("handle_chinese_chars", true);
        json.WriteNull("strip_accents");
        json.WriteBoolean("lowercase", true);
        json.WriteEndObject();
    }

    private static void PostProcessor(Utf8JsonWriter json, OrderedDictionary<string, int> tokens)
    {
        json.WriteStartObject("post_processor");
        json.WriteString("type", "TemplateProcessing");
        json.WriteStartArray("single");
        Special("[CLS]", 0);
        Sequence("A", 0);
        Special("[SEP]", 0);
        json.WriteEndArray();
        json.WriteStartArray("pair");
        Special("[CLS]", 0);
        Sequence("A", 0);
        Special("[SEP]", 0);
        Sequence("B", 1);
        Special("[SEP]", 1);
        json.WriteEndArray();
        json.WriteStartObject("special_tokens");
        Definition("[CLS]");
        Definition("[SEP]");
        json.WriteEndObject();
        json.WriteEndObject();

        void Special(string token, int type) => Piece("SpecialToken", token, type);

        void Sequence(string name, int type) => Piece("Sequence", name, type);

        void Piece(string piece, string id, int type)
        {
            json.WriteStartObject();
            json.WriteStartObject(piece);
            json.WriteString("id", id);
            json.WriteNumber("type_id", type);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        void Definition(string token)
        {
            json.WriteStartObject(token);
            json.WriteString("id", token);
            json.WriteStartArray("ids");
            json.WriteNumberValue(tokens[token]);
            json.WriteEndArray();
            json.WriteStartArray("tokens");
            json.WriteStringValue(token);
            json.WriteEndArray();
            json.WriteEndObject();
        }
    }

    private static void Model(Utf8JsonWriter json, OrderedDictionary<string, int> tokens)
    {
        json.WriteStartObject("model");
        json.WriteString("type", "WordPiece");
        json.WriteString("unk_token", "[UNK]");
        json.WriteString("continuing_subword_prefix", "##");
        json.WriteNumber("max_input_chars_per_word", 100);
        json.WriteStartObject("vocab");
        foreach (var (token, id) in tokens)
            json.WriteNumber(token, id);
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
