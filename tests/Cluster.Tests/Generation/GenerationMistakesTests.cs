using System.Text;
using System.Text.Json;
using Meridian.Cluster.Tests.Harness;
using Meridian.Cluster.Tests.Robustness;

namespace Meridian.Cluster.Tests.Generation;

/// <summary>Callers' mistakes against an engine that computes: each gets its error, running streams do not notice, and nothing stays behind.</summary>
[Collection(ThreeRegionsCollection.Name)]
public sealed class GenerationMistakesTests(ThreeRegions three)
{
    private static readonly BadRequest[] Mistakes = [.. Chats(), .. Completions()];

    [Fact]
    public async Task Mistakes_get_their_error_and_good_requests_their_answer()
    {
        var address = three.Installation.FrontDoor.Address;
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(20) };
        using var calls = new CompletionCalls(address);
        var lines = three.Installation.Supervisor.Lines.Count;
        var good = await AskAsync();
        for (var round = 0; round < 3; round++)
        {
            await Task.WhenAll(Mistakes.Select(bad => SendAsync(http, address, bad)).Append(StaysAsync()));
        }

        var errors = three.Installation.Supervisor.Lines.Skip(lines).Where(line => line.Contains(" error ", StringComparison.Ordinal) || line.Contains(" fatal ", StringComparison.Ordinal)).ToArray();
        Assert.True(errors.Length == 0, "A caller's mistake was logged as an error:\n" + string.Join("\n", errors));

        Task<Completion> AskAsync() =>
            calls.CompleteAsync(new() { ["model"] = ThreeRegions.Made, ["prompt"] = "Once", ["max_tokens"] = 60, ["temperature"] = 0, ["ignore_eos"] = true }, stream: true);

        async Task StaysAsync() => Assert.Equal(good.Text, (await AskAsync()).Text);
    }

    /// <summary>Six texts of nearly 8 MB at once took 6 GiB and half a minute, and were given up then.</summary>
    [Fact]
    public async Task Texts_far_beyond_the_context_are_not_converted()
    {
        var regions = three.Installation.Regions;
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(60) };
        var body = Encoding.UTF8.GetBytes($$"""{"model":"{{ThreeRegions.Made}}","prompt":"{{string.Concat(Enumerable.Repeat("a b ", 1_900_000))}}"}""");
        var address = three.Installation.Facade(regions[0]).Address;
        var before = regions.Sum(region => ProcStat.ResidentKiB(three.Installation.ProcessOf(region)));

        await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => SendAsync(http, address, new BadRequest("8 MB to convert", "POST", "tokenize", body, 400, null, "prompt"))));

        var grown = (regions.Sum(region => ProcStat.ResidentKiB(three.Installation.ProcessOf(region))) - before) / 1024;
        Assert.True(grown < 512, $"The regions' memory grew by {grown} MiB.");
    }

    private static async Task SendAsync(HttpClient http, Uri address, BadRequest bad)
    {
        using var request = new HttpRequestMessage(new HttpMethod(bad.Method), new Uri(address, bad.Path));
        request.Content = new ByteArrayContent(bad.Body!);
        request.Content.Headers.ContentType = new("application/json");
        using var response = await http.SendAsync(request);
        var body = await response.Content.ReadAsStringAsync();
        var seen = $"{bad.Name}: expected {bad.Status} {bad.Code} {bad.Param}, got {(int)response.StatusCode} {body}";
        Assert.True((int)response.StatusCode == bad.Status, seen);
        using var json = JsonDocument.Parse(body);
        var error = json.RootElement.GetProperty("error");
        Assert.True(error.GetProperty("message").GetString()!.Length > 0, seen);
        Assert.True(bad.Code is null || error.GetProperty("code").GetString() == bad.Code, seen);
        Assert.True(bad.Param is null || error.GetProperty("param").GetString()?.StartsWith(bad.Param, StringComparison.Ordinal) == true, seen);
    }

    private static IEnumerable<BadRequest> Chats()
    {
        const string Path = "v1/chat/completions";
        static BadRequest Post(string name, string fields, string? param, string? code = null) =>
            new(name, "POST", Path, Encoding.UTF8.GetBytes($$"""{"model":"{{ThreeRegions.Made}}","messages":[{"role":"user","content":"x"}]{{fields}}}"""), 400, code, param);

        yield return Post("temperature NaN", ""","temperature":NaN""", null);
        yield return Post("temperature too high", ""","temperature":2.5""", "temperature");
        yield return Post("temperature too large a number", ""","temperature":1e999""", "temperature");
        yield return Post("max_tokens 0", ""","max_tokens":0""", "max_tokens");
        yield return Post("max_tokens negative", ""","max_completion_tokens":-5""", "max_completion_tokens");
        yield return Post("more tokens than the context", ""","max_tokens":100000""", "max_tokens", "context_length_exceeded");
        yield return Post("n 0", ""","n":0""", "n");
        yield return Post("five stops", ""","stop":["a","b","c","d","e"]""", "stop");
        yield return Post("a stop of 1 MB", $$""","stop":"{{new string('s', 1 << 20)}}" """, "stop");
        yield return Post("top_logprobs alone", ""","top_logprobs":3""", "top_logprobs");
        yield return Post("bias of no token", ""","logit_bias":{"99999999":1}""", "logit_bias");
        yield return Post("tools", ""","tools":[{"type":"function","function":{"name":"f"}}]""", "tools");
        yield return Post("a schema", ""","response_format":{"type":"json_schema"}""", "response_format");
        yield return Post("stream_options alone", ""","stream_options":{"include_usage":true}""", "stream_options");
        yield return new("no messages", "POST", Path, Encoding.UTF8.GetBytes($$"""{"model":"{{ThreeRegions.Made}}","messages":[]}"""), 400, null, "messages");
        yield return new("an image", "POST", Path, Encoding.UTF8.GetBytes("""{"model":"made","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"x"}}]}]}"""), 400, null, "messages");
        yield return new("a model that embeds", "POST", Path, Encoding.UTF8.GetBytes("""{"model":"minilm","messages":[{"role":"user","content":"x"}]}"""), 400);
        yield return new("no such model", "POST", Path, Encoding.UTF8.GetBytes("""{"model":"none","messages":[{"role":"user","content":"x"}]}"""), 404, "model_not_found", "model");
        yield return new("broken UTF-8", "POST", Path, [.. """{"model":"made","messages":[{"role":"user","content":" """u8, 0xC3, 0x28, 0xFF, .. "\"}]}"u8], 400);
        yield return new("a conversation that is too long", "POST", Path, Encoding.UTF8.GetBytes($$"""{"model":"{{ThreeRegions.Made}}","messages":[{"role":"user","content":"{{new string('x', 5000)}}"}]}"""), 400, "context_length_exceeded");
    }

    private static IEnumerable<BadRequest> Completions()
    {
        const string Path = "v1/completions";
        static BadRequest Post(string name, string prompt, string fields, string? param, string? code = null) =>
            new(name, "POST", Path, Encoding.UTF8.GetBytes($$"""{"model":"{{ThreeRegions.Made}}","prompt":{{prompt}}{{fields}}}"""), 400, code, param);

        yield return Post("a prompt that is too long", $"\"{new string('x', 5000)}\"", "", "prompt", "context_length_exceeded");
        yield return Post("a token outside the vocabulary", "[1,2,99999999]", "", "prompt");
        yield return Post("a negative token", "[-1]", "", "prompt");
        yield return Post("no tokens", "[]", "", "prompt");
        yield return Post("a suffix", "\"x\"", ""","suffix":"y" """, "suffix");
        yield return Post("too many choices", "[\"a\",\"b\",\"c\"]", ""","n":128""", "n");
        yield return Post("penalty out of range", "\"x\"", ""","presence_penalty":3""", "presence_penalty");
        yield return Post("top_p negative", "\"x\"", ""","top_p":-0.5""", "top_p");
        yield return Post("a seed that is no number", "\"x\"", ""","seed":"seven" """, "seed");
    }
}
