using System.Net;
using System.Text;
using Meridian.Gateway.Tests.Hosting;

namespace Meridian.Gateway.Tests.Errors;

/// <summary>Alone, because it looks at the memory of the whole process.</summary>
[CollectionDefinition(nameof(EnduranceTests), DisableParallelization = true)]
[Collection(nameof(EnduranceTests))]
public sealed class EnduranceTests
{
    private static readonly (string Path, byte[] Body)[] Requests = [.. EmbeddingSeeds.Select(body => ("/v1/embeddings", body)), .. GenerationSeeds];

    private static byte[][] EmbeddingSeeds =>
    [
        Encoding.UTF8.GetBytes("""{"model":"minilm","input":["x","y\u00e9 😀",""],"dimensions":384,"encoding_format":"base64","truncate":true,"user":"u"}"""),
        Encoding.UTF8.GetBytes("""{"model":"minilm","input":[[1,2,3],[4,5],[6]],"x":{"y":[null,false,-1.5e-7]}}"""),
        Encoding.UTF8.GetBytes("{\"model\":\"minilm\",\"input\":[" + string.Join(',', Enumerable.Repeat("\"z\"", 10_000)) + "]}"),
        Encoding.UTF8.GetBytes("{\"model\":\"minilm\",\"input\":\"" + new string('x', 300_000) + "\\ud800\"}"),
    ];

    private static (string Path, byte[] Body)[] GenerationSeeds =>
    [
        ("/v1/chat/completions", Encoding.UTF8.GetBytes("""{"model":"story","messages":[{"role":"system","content":"é"},{"role":"user","content":[{"type":"text","text":"hi"}]}],"max_tokens":5,"stop":["a","b"],"stream":true,"stream_options":{"include_usage":true}}""")),
        ("/v1/chat/completions", Encoding.UTF8.GetBytes("""{"model":"story","n":3,"temperature":0.5,"logit_bias":{"5":-1.5},"logprobs":true,"top_logprobs":2,"seed":1,"messages":[{"role":"user","content":"x"}],"metadata":{"a":"b"}}""")),
        ("/v1/completions", Encoding.UTF8.GetBytes("""{"model":"story","prompt":["a","b"],"n":2,"echo":true,"max_tokens":3,"stop":"\n","stream":false,"top_p":0.5}""")),
        ("/v1/completions", Encoding.UTF8.GetBytes("""{"prompt":[[1,2],[3]],"logprobs":3,"model":"story","stream":true,"ignore_eos":true,"max_tokens":20}""")),
        ("/v1/completions", Encoding.UTF8.GetBytes("{\"model\":\"story\",\"stream\":true,\"prompt\":\"" + new string('x', 200_000) + "\"}")),
    ];

    private const int Judged = 2500;
    private const int BytesOfOne = 100;

    [Fact]
    public async Task Mangled_requests_never_get_a_5xx_nor_a_log_line_and_leave_no_memory_behind()
    {
        await using var host = await GatewayHost.StartAsync();
        var random = new Random(17);
        await SendAsync(host, random, 500);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        await SendAsync(host, random, Judged);
        var after = GC.GetTotalMemory(forceFullCollection: true);

        // What stays of one request would be some hundred bytes at least: an object and its place in a table.
        TestContext.Current.TestOutputHelper?.WriteLine($"{before} bytes live after 500 requests, {after} after {Judged} more");
        Assert.True(after - before < Judged * BytesOfOne, $"{before} bytes live after 500 requests, {after} after {Judged} more");
        Assert.Empty(host.Log.Entries);
    }

    private static async Task SendAsync(GatewayHost host, Random random, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var (path, seed) = Requests[i % Requests.Length];
            var body = (byte[])seed.Clone();
            for (var edits = random.Next(1, 4); edits > 0; edits--)
            {
                body[random.Next(Math.Min(body.Length, 200))] = random.Next(2) == 0 ? (byte)random.Next(256) : "[]{},:\"\\"u8[random.Next(8)];
            }

            using var response = await host.PostAsync(path, body);
            Assert.True(response.StatusCode is HttpStatusCode.OK or (>= HttpStatusCode.BadRequest and < HttpStatusCode.InternalServerError), $"{response.StatusCode} for {Encoding.Latin1.GetString(body.AsSpan(0, Math.Min(body.Length, 200)))}");
            var text = await response.Content.ReadAsStringAsync();
            if (response.StatusCode != HttpStatusCode.OK)
            {
                Assert.StartsWith("{\"error\":{\"message\":\"", text, StringComparison.Ordinal);
            }
        }
    }
}
