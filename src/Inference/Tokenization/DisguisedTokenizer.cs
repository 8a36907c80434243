using System.Buffers;
using System.Text.Json;

namespace Meridian.Inference.Tokenization;

/// <summary>
/// Builds a variant of a <c>tokenizer.json</c> in which every control token is spelled as its disguise. Everything else stays: ids, normalizer, pre-tokenizer,
/// merges, and each token's rules for the white space around it. In the variant the name of a control token is ordinary text.
/// </summary>
/// <remarks>
/// The variant encodes texts with forged tokens, in one call. Before that, the template's own tokens in the text are replaced by their disguises.
/// Two simpler ways would change the result. Encoding the pieces between the template's tokens one by one changes the tokens at the borders, because some
/// tokenizers look at the surroundings (a prefix for the first piece only, white space that a token swallows). Breaking up a forged name changes its text.
/// </remarks>
internal sealed class DisguisedTokenizer
{
    private readonly IReadOnlyDictionary<string, string> _disguises;
    private readonly Utf8JsonWriter _writer;

    private DisguisedTokenizer(IReadOnlyDictionary<string, string> disguises, Utf8JsonWriter writer)
    {
        _disguises = disguises;
        _writer = writer;
    }

    public static byte[] Make(byte[] json, IReadOnlyDictionary<string, string> disguises)
    {
        var made = new ArrayBufferWriter<byte>(json.Length);
        using var document = JsonDocument.Parse(json);
        using (var writer = new Utf8JsonWriter(made))
            new DisguisedTokenizer(disguises, writer).Root(document.RootElement);
        return made.WrittenSpan.ToArray();
    }

    private void Root(JsonElement root) => Object(root, member =>
    {
        switch (member.Name)
        {
            case "added_tokens" when member.Value.ValueKind == JsonValueKind.Array:
                Array(member.Value, token => Object(token, part =>
                {
                    if (part.Name != "content")
                        return false;
                    Text(part.Value);
                    return true;
                }));
                return true;
            case "model":
                Object(member.Value, Model);
                return true;
            default:
                return false;
        }
    });

    private bool Model(JsonProperty member)
    {
        switch (member.Name)
        {
            case "unk_token" when member.Value.ValueKind == JsonValueKind.String:
                Text(member.Value);
                return true;
            case "vocab" when member.Value.ValueKind == JsonValueKind.Array:
                Array(member.Value, piece =>
                {
                    _writer.WriteStartArray();
                    Text(piece[0]);
                    piece[1].WriteTo(_writer);
                    _writer.WriteEndArray();
                });
                return true;
            case "vocab":
                _writer.WriteStartObject();
                foreach (var token in member.Value.EnumerateObject())
                {
                    _writer.WritePropertyName(_disguises.GetValueOrDefault(token.Name, token.Name));
                    token.Value.WriteTo(_writer);
                }

                _writer.WriteEndObject();
                return true;
            case "merges" when member.Value.ValueKind == JsonValueKind.Array:
                _writer.WriteStartArray();
                foreach (var merge in member.Value.EnumerateArray())
                {
                    if (!TakesPart(merge))
                        merge.WriteTo(_writer);
                }

                _writer.WriteEndArray();
                return true;
            default:
                return false;
        }
    }

    // Merges that produce a control token, or that use one, are removed, because the variant has no such token.
    private bool TakesPart(JsonElement merge)
    {
        var (left, right) = merge.ValueKind == JsonValueKind.Array
            ? (merge[0].GetString()!, merge[1].GetString()!)
            : merge.GetString()!.Split(' ') is [var a, var b] ? (a, b) : ("", "");
        return _disguises.ContainsKey(left) || _disguises.ContainsKey(right) || _disguises.ContainsKey(left + right);
    }

    private void Object(JsonElement value, Func<JsonProperty, bool> writes)
    {
        _writer.WriteStartObject();
        foreach (var member in value.EnumerateObject())
        {
            _writer.WritePropertyName(member.Name);
            if (!writes(member))
                member.Value.WriteTo(_writer);
        }

        _writer.WriteEndObject();
    }

    private void Array(JsonElement value, Action<JsonElement> write)
    {
        _writer.WriteStartArray();
        foreach (var element in value.EnumerateArray())
            write(element);
        _writer.WriteEndArray();
    }

    private void Text(JsonElement value)
    {
        var text = value.GetString()!;
        _writer.WriteStringValue(_disguises.GetValueOrDefault(text, text));
    }
}
