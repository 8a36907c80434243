using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using Meridian.Gateway.Bodies;
using Meridian.Gateway.Errors;
using Meridian.Gateway.OpenAi.Embeddings;

namespace Meridian.Gateway.Tests.Embeddings;

public sealed class EmbeddingRequestReaderTests
{
    private const int MaxItems = 32;

    private static readonly JsonSerializerOptions[] Writings =
    [
        new(),
        new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping },
        new() { WriteIndented = true },
        new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, WriteIndented = true },
    ];

    private static readonly Gen<string> Text =
        Gen.Select(Gen.String[Gen.Char[' ', '~'], 0, 20], Gen.String[Gen.OneOf(Gen.Char['\0', '\u00ff'], Gen.Char['\u3040', '\u9fff']), 1, 20], Gen.OneOf("", "😀", "\"\\/\b\f\n\r\t", "\u2028</script>"))
            .Select((a, b, c) => a + b + c);

    private static readonly Gen<int[]> Tokens = Gen.Int[0, int.MaxValue].Array[1, 12];

    private static readonly Gen<(JsonNode Json, string[]? Texts, int[][]? Tokens)> Input = Gen.OneOf<(JsonNode, string[]?, int[][]?)>(
        Text.Select(text => ((JsonNode)JsonValue.Create(text), (string[]?)[text], (int[][]?)null)),
        Text.Array[1, MaxItems].Select(texts => ((JsonNode)new JsonArray([.. texts.Select(text => JsonValue.Create(text))]), (string[]?)texts, (int[][]?)null)),
        Tokens.Select(tokens => ((JsonNode)Array(tokens), (string[]?)null, (int[][]?)[tokens])),
        Tokens.Array[1, MaxItems].Select(rows => ((JsonNode)new JsonArray([.. rows.Select(Array)]), (string[]?)null, (int[][]?)rows)));

    private static readonly Gen<KeyValuePair<string, JsonNode?>> Harmless = Gen.OneOf("future", "metadata", "Input", "MODEL", "inputs", "a\"b")
        .SelectMany(name => Gen.OneOf("null", "true", "[[{}],1.5e3]", """{"input":[1],"model":null}""", "\"\\ud83d\\ude00\"").Select(json => KeyValuePair.Create(name, JsonNode.Parse(json))));

    [Fact]
    public void Every_valid_request_is_read_as_it_was_meant_in_any_order_escaping_and_segmentation()
    {
        Gen.Select(
                Input,
                Text.Where(model => model.Length <= JsonBody.MaxModelLength),
                Gen.Select(Gen.OneOf("float", "base64", "null", ""), Gen.Int[0, 400], Gen.Int[0, 2], Gen.Int[0, 2]),
                Harmless.Array[0, 3],
                Gen.Select(Gen.Bool, Gen.Bool, Gen.Int[1, 40]),
                Gen.Int[0, int.MaxValue])
            .Sample((input, model, options, harmless, writing, order) =>
            {
                var (format, dimensions, truncate, user) = options;
                List<KeyValuePair<string, JsonNode?>> fields = [new("model", model), new("input", input.Json.DeepClone())];
                Add(fields, format.Length > 0, "encoding_format", format == "null" ? null : format);
                Add(fields, dimensions > 0, "dimensions", dimensions);
                Add(fields, truncate > 0, "truncate", truncate == 1);
                Add(fields, user > 0, "user", user == 1 ? "me" : null);
                fields.AddRange(harmless.Select(field => KeyValuePair.Create(field.Key, field.Value?.DeepClone())).DistinctBy(field => field.Key));
                var random = new Random(order);
                random.Shuffle(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(fields));
                var (relaxed, indented, cut) = writing;
                var body = JsonSerializer.SerializeToUtf8Bytes(new JsonObject(fields), Writings[(relaxed ? 1 : 0) + (indented ? 2 : 0)]);

                var whole = Read(new ReadOnlySequence<byte>(body));
                var pieces = Read(Segments.Cut(body, cut));
                foreach (var request in (EmbeddingRequest[])[whole, pieces])
                {
                    Assert.Equal(model, request.Model);
                    Assert.Equal(input.Texts, request.Input.Texts);
                    Assert.Equal(input.Tokens, request.Input.TokenIds);
                    Assert.Equal(format == "base64", request.Base64);
                    Assert.Equal(dimensions > 0 ? dimensions : null, request.Input.Dimensions);
                    Assert.Equal(truncate == 1, request.Input.Truncate);
                }
            });

        static EmbeddingRequest Read(ReadOnlySequence<byte> body)
        {
            Assert.Null(EmbeddingRequestReader.Read(body, MaxItems, out var request));
            return request;
        }

        static void Add(List<KeyValuePair<string, JsonNode?>> fields, bool present, string name, JsonNode? value)
        {
            if (present)
            {
                fields.Add(new(name, value));
            }
        }
    }

    [Fact]
    public void Whatever_a_mutation_makes_of_a_request_it_is_read_or_refused_alike_whole_and_in_pieces()
    {
        var seeds = new[]
        {
            """{"model":"minilm","input":["x","y\u00e9 😀",""],"dimensions":384,"encoding_format":"base64","truncate":true,"user":"u"}""",
            """{"model":"minilm","input":[[1,2,3],[4,5],[6]],"x":{"y":[null,false,-1.5e-7]}}""",
            """{"input":[1,2,3],"model":"m","input":"last"}""",
        };
        Gen.Select(Gen.OneOf(seeds), Gen.Select(Gen.Int[0, 200], Gen.Byte, Gen.Int[0, 3]).Array[1, 4], Gen.Int[1, 16]).Sample((seed, edits, cut) =>
        {
            List<byte> bytes = [.. Encoding.UTF8.GetBytes(seed)];
            foreach (var (at, value, kind) in edits)
            {
                var position = at % bytes.Count;
                switch (kind)
                {
                    case 0: bytes[position] = value; break;
                    case 1: bytes.Insert(position, value); break;
                    case 2 when bytes.Count > 1: bytes.RemoveAt(position); break;
                    default: bytes.Insert(position, "[]{},:\"\\"u8[value % 8]); break;
                }
            }

            Same([.. bytes], cut);
        });
    }

    [Fact]
    public void Random_bytes_are_refused_without_an_exception() =>
        Gen.Select(Gen.Byte.Array[0, 64], Gen.Int[1, 8]).Sample(Same);

    private static void Same(byte[] body, int cut)
    {
        var whole = EmbeddingRequestReader.Read(new ReadOnlySequence<byte>(body), MaxItems, out _);
        var pieces = EmbeddingRequestReader.Read(Segments.Cut(body, cut), MaxItems, out _);
        Assert.Equal(whole is null, pieces is null);
        if (whole is not null)
        {
            Assert.InRange(whole.Status, 400, 404);
            Assert.Equal(ApiError.InvalidRequest, whole.Type);
            Assert.Equal((whole.Code, whole.Param), (pieces!.Code, pieces.Param));
        }
    }

    private static JsonArray Array(int[] tokens) => new([.. tokens.Select(token => JsonValue.Create(token))]);
}
