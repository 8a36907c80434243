using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Meridian.ModelTools.Tokenization;

/// <summary>Tokenizer files of a made model, as Hugging Face's libraries read them: byte-level BPE, BOS in front, a ChatML template.</summary>
public static class MadeTokenizer
{
    private const string ChatTemplate =
        "{{ bos_token }}{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}{% endfor %}"
        + "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes <c>tokenizer.json</c>, <c>tokenizer_config.json</c> and <c>special_tokens_map.json</c>.</summary>
    /// <param name="directory">Must exist.</param>
    /// <param name="vocabulary">Tokens and merges.</param>
    /// <param name="context">Most tokens of a sequence.</param>
    public static void Write(string directory, MadeVocabulary vocabulary, int context)
    {
        ArgumentNullException.ThrowIfNull(vocabulary);
        using (var file = File.Create(Path.Combine(directory, "tokenizer.json")))
        using (var json = new Utf8JsonWriter(file, new JsonWriterOptions { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
            Tokenizer(json, vocabulary);
        var config = new JsonObject
        {
            ["add_bos_token"] = true,
            ["added_tokens_decoder"] = new JsonObject(MadeVocabulary.Special.Select((token, id) => KeyValuePair.Create<string, JsonNode?>(
                id.ToString(System.Globalization.CultureInfo.InvariantCulture),
                new JsonObject { ["content"] = token, ["lstrip"] = false, ["normalized"] = false, ["rstrip"] = false, ["single_word"] = false, ["special"] = true }))),
            ["bos_token"] = MadeVocabulary.Bos,
            ["chat_template"] = ChatTemplate,
            ["clean_up_tokenization_spaces"] = false,
            ["eos_token"] = MadeVocabulary.Eos,
            ["model_max_length"] = context,
            ["pad_token"] = MadeVocabulary.Pad,
            ["padding_side"] = "left",
            ["tokenizer_class"] = "PreTrainedTokenizerFast",
        };
        File.WriteAllText(Path.Combine(directory, "tokenizer_config.json"), config.ToJsonString(Indented) + "\n");
        var special = new JsonObject { ["bos_token"] = MadeVocabulary.Bos, ["eos_token"] = MadeVocabulary.Eos, ["pad_token"] = MadeVocabulary.Pad };
        File.WriteAllText(Path.Combine(directory, "special_tokens_map.json"), special.ToJsonString(Indented) + "\n");
    }

    private static void Tokenizer(Utf8JsonWriter json, MadeVocabulary vocabulary)
    {
        json.WriteStartObject();
        json.WriteString("version", "1.0");
        json.WriteNull("truncation");
        json.WriteNull("padding");
        json.WriteStartArray("added_tokens");
        for (var id = 0; id < MadeVocabulary.Special.Count; id++)
        {
            json.WriteStartObject();
            json.WriteNumber("id", id);
            json.WriteString("content", MadeVocabulary.Special[id]);
            json.WriteBoolean("single_word", false);
            json.WriteBoolean("lstrip", false);
            json.WriteBoolean("rstrip", false);
            json.WriteBoolean("normalized", false);
            json.WriteBoolean("special", true);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteNull("normalizer");
        ByteLevel(json, "pre_tokenizer");
        PostProcessor(json);
        ByteLevel(json, "decoder");
        json.WriteStartObject("model");
        json.WriteString("type", "BPE");
        json.WriteNull("dropout");
        json.WriteNull("unk_token");
        json.WriteNull("continuing_subword_prefix");
        json.WriteNull("end_of_word_suffix");
        json.WriteBoolean("fuse_unk", false);
        json.WriteBoolean("byte_fallback", false);
        json.WriteBoolean("ignore_merges", false);
        json.WriteStartObject("vocab");
        for (var id = 0; id < vocabulary.Tokens.Count; id++)
            json.WriteNumber(vocabulary.Tokens[id], id);
        json.WriteEndObject();
        json.WriteStartArray("merges");
        foreach (var (left, right) in vocabulary.Merges)
            json.WriteStringValue($"{left} {right}");
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void ByteLevel(Utf8JsonWriter json, string part)
    {
        json.WriteStartObject(part);
        json.WriteString("type", "ByteLevel");
        json.WriteBoolean("add_prefix_space", false);
        json.WriteBoolean("trim_offsets", true);
        json.WriteBoolean("use_regex", true);
        json.WriteEndObject();
    }

    private static void PostProcessor(Utf8JsonWriter json)
    {
        json.WriteStartObject("post_processor");
        json.WriteString("type", "TemplateProcessing");
        Template("single", ("A", 0));
        Template("pair", ("A", 0), ("B", 1));
        json.WriteStartObject("special_tokens");
        json.WriteStartObject(MadeVocabulary.Bos);
        json.WriteString("id", MadeVocabulary.Bos);
        json.WriteStartArray("ids");
        json.WriteNumberValue(MadeVocabulary.Special.ToList().IndexOf(MadeVocabulary.Bos));
        json.WriteEndArray();
        json.WriteStartArray("tokens");
        json.WriteStringValue(MadeVocabulary.Bos);
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();

        void Template(string name, params ReadOnlySpan<(string Id, int Type)> sequences)
        {
            json.WriteStartArray(name);
            foreach (var (id, type) in sequences)
            {
                Piece("SpecialToken", MadeVocabulary.Bos, type);
                Piece("Sequence", id, type);
            }

            json.WriteEndArray();
        }

        void Piece(string kind, string id, int type)
        {
            json.WriteStartObject();
            json.WriteStartObject(kind);
            json.WriteString("id", id);
            json.WriteNumber("type_id", type);
            json.WriteEndObject();
            json.WriteEndObject();
        }
    }
}
