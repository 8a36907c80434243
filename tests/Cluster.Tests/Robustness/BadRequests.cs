using System.Text;

namespace Meridian.Cluster.Tests.Robustness;

/// <summary>Mistakes that callers make.</summary>
public static class BadRequests
{
    public static IReadOnlyList<BadRequest> All { get; } = Make();

    /// <summary>The n-th request of the corpus; the costly kinds come seldom.</summary>
    public static BadRequest At(int index)
    {
        var request = All[index % All.Count];
        return index / All.Count % request.OneIn == 0 ? request : All[index % 7];
    }

    private static BadRequest[] Make()
    {
        const string Path = "v1/embeddings";
        static BadRequest Post(string name, string json, int status, string? code = null, string? param = null) =>
            new(name, "POST", Path, Encoding.UTF8.GetBytes(json), status, code, param);

        static string Items(int count) => "[" + string.Join(',', Enumerable.Repeat("\"x\"", count)) + "]";

        return
        [
            Post("no JSON", "this is not json", 400),
            Post("cut JSON", """{"model":"minilm","input":"x""", 400),
            Post("no model", """{"input":"x"}""", 400, param: "model"),
            Post("no input", """{"model":"minilm"}""", 400, param: "input"),
            Post("empty input", """{"model":"minilm","input":""}""", 400, param: "input"),
            Post("empty list", """{"model":"minilm","input":[]}""", 400, param: "input"),
            Post("unknown model", """{"model":"gpt-17","input":"x"}""", 404, "model_not_found"),
            Post("an array", "[]", 400),
            Post("nothing", "", 400),
            Post("input is a number", """{"model":"minilm","input":5}""", 400, param: "input"),
            Post("input is an object", """{"model":"minilm","input":{"a":1}}""", 400, param: "input"),
            Post("mixed input", """{"model":"minilm","input":["x",5]}""", 400, param: "input"),
            Post("input with null", """{"model":"minilm","input":["x",null]}""", 400, param: "input"),
            Post("an empty item", """{"model":"minilm","input":["x",""]}""", 400, param: "input"),
            Post("model is a number", """{"model":5,"input":"x"}""", 400, param: "model"),
            Post("unknown encoding", """{"model":"minilm","input":"x","encoding_format":"hex"}""", 400, param: "encoding_format"),
            Post("dimensions 0", """{"model":"minilm","input":"x","dimensions":0}""", 400, param: "dimensions"),
            Post("dimensions 385", """{"model":"minilm","input":"x","dimensions":385}""", 400, param: "dimensions"),
            Post("dimensions huge", """{"model":"minilm","input":"x","dimensions":99999999999999999999}""", 400, param: "dimensions"),
            Post("dimensions is a text", """{"model":"minilm","input":"x","dimensions":"8"}""", 400, param: "dimensions"),
            Post("token outside the vocabulary", """{"model":"minilm","input":[1,2,99999999]}""", 400, param: "input"),
            Post("negative token", """{"model":"minilm","input":[-1]}""", 400, param: "input"),
            Post("broken token", """{"model":"minilm","input":[1.5]}""", 400, param: "input"),
            Post("too many tokens", $$"""{"model":"minilm","input":"{{string.Concat(Enumerable.Repeat("word ", 400))}}"}""", 400, "context_length_exceeded", "input"),
            Post("deep nesting", $$"""{"model":"minilm","input":{{new string('[', 5000)}}{{new string(']', 5000)}}}""", 400),
            Post("10,000 items", $$"""{"model":"minilm","input":{{Items(10_000)}}}""", 400, param: "input") with { OneIn = 4 },
            new("broken UTF-8", "POST", Path, [.. """{"model":"minilm","input":" """u8, 0xC3, 0x28, 0xFF, .. "\"}"u8], 400),
            new("lone surrogate", "POST", Path, Encoding.UTF8.GetBytes("""{"model":"minilm","input":"\ud800"}"""), 400),
            new("50 MB", "POST", Path, Big(), 413) { OneIn = 16 },
            new("wrong method", "GET", Path, null, 405),
            new("wrong method on models", "DELETE", "v1/models", null, 405),
            new("unknown path", "GET", "v1/nothing", null, 404),
            new("unknown model's page", "GET", "v1/models/none", null, 404, "model_not_found"),
            new("a client that hangs up", "POST", Path, Encoding.UTF8.GetBytes("""{"model":"minilm","input":"half of a request"}"""), 0) { HangsUp = true },
        ];
    }

    private static byte[] Big()
    {
        var body = new byte[50_000_000];
        Array.Fill(body, (byte)'a');
        "{\"model\":\"minilm\",\"input\":\""u8.CopyTo(body);
        "\"}"u8.CopyTo(body.AsSpan(body.Length - 2));
        return body;
    }
}
