using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Meridian.Gateway.Http;
using Meridian.Gateway.Tests.Hosting;
using Meridian.Messages;
using Microsoft.Extensions.DependencyInjection;

namespace Meridian.Gateway.Tests.Chat;

public sealed partial class ChatAnswerTests
{
    private const string Ask = """{"model":"story","messages":[{"role":"user","content":"hi"}]""";

    private static readonly TokenLogprob Known = Tokens.Logprob(7, "\"é\n", -0.25f, Tokens.Logprob(7, "\"é\n", -0.25f), Tokens.Logprob(8, "", float.NegativeInfinity));

    private static readonly TokenLogprob Half = Tokens.Logprob(9, [0xf0, 0x9f], -12.5f);

    [Fact]
    public async Task A_whole_answer()
    {
        await using var host = await StartAsync();
        host.Edge.Script(new ScriptedStream()
            .Then(Tokens.Say("Hé \"x\"\\\n\u2028", 0, 0) with { Logprobs = [Known] })
            .Then(Tokens.Say("", 0, 1) with { Logprobs = [Half] })
            .End(Tokens.Last("😀", FinishReason.Length, 0, 2) with { Logprobs = [] }));
        using var response = await host.ChatAsync(Ask + ""","logprobs":true,"top_logprobs":2}""");
        Assert.Equal("application/json", response.Content.Headers.ContentType!.MediaType);
        Assert.Equal("eastus", response.Header(GatewayHeaders.Region));
        Assert.Equal("1", response.Header(GatewayHeaders.Attempts));
        Assert.Equal(EdgeDouble.Version, response.Header(GatewayHeaders.ModelVersion));
        Assert.NotEmpty(response.Header(GatewayHeaders.ProcessingMs));
        Assert.NotEmpty(response.Header(GatewayHeaders.RequestId));
        Assert.Equal(
            """{"id":"chatcmpl-ID","object":"chat.completion","created":1790000000,"model":"story","choices":[{"index":0,"message":{"role":"assistant","content":"Hé \"x\"\\\n\u2028😀","refusal":null},"logprobs":{"content":[{"token":"\"é\n","logprob":-0.25,"bytes":[34,195,169,10],"top_logprobs":[{"token":"\"é\n","logprob":-0.25,"bytes":[34,195,169,10]},{"token":"","logprob":-9999.0,"bytes":[]}]},{"token":"\\xf0\\x9f","logprob":-12.5,"bytes":[240,159],"top_logprobs":[]}],"refusal":null},"finish_reason":"length"}],"usage":{"prompt_tokens":3,"completion_tokens":3,"total_tokens":6,"prompt_tokens_details":{"cached_tokens":2},"completion_tokens_details":{"reasoning_tokens":0}},"system_fingerprint":"fp_v2@9f3c1a20_fp32"}""",
            Id().Replace(await response.Content.ReadAsStringAsync(), "chatcmpl-ID"));
    }

    [Fact]
    public async Task A_streamed_answer()
    {
        await using var host = await StartAsync();
        host.Edge.Script(new ScriptedStream()
            .Then(Tokens.Say("Hé \"x\"\n", 0, 0) with { Logprobs = [Known] })
            .Then(Tokens.Say("", 0, 1) with { Logprobs = [Half] })
            .Then(Tokens.Say("", 0, 2))
            .End(Tokens.Last("😀", FinishReason.Stop, 0, 3)));
        using var response = await host.ChatAsync(Ask + ""","logprobs":true,"top_logprobs":2,"stream":true,"stream_options":{"include_usage":true}}""");
        Assert.Equal("no-cache", response.Headers.CacheControl!.ToString());
        Assert.Equal("no", response.Header(GatewayHeaders.AccelBuffering));
        Assert.Equal("eastus", response.Header(GatewayHeaders.Region));
        Assert.Equal(EdgeDouble.Version, response.Header(GatewayHeaders.ModelVersion));
        const string Start = """data: {"id":"chatcmpl-ID","object":"chat.completion.chunk","created":1790000000,"model":"story","system_fingerprint":"fp_v2@9f3c1a20_fp32","choices":[""";
        Assert.Equal(
            string.Concat(new[]
            {
                """{"index":0,"delta":{"role":"assistant","content":"","refusal":null},"logprobs":null,"finish_reason":null}],"usage":null}""",
                """{"index":0,"delta":{"content":"Hé \"x\"\n"},"logprobs":{"content":[{"token":"\"é\n","logprob":-0.25,"bytes":[34,195,169,10],"top_logprobs":[{"token":"\"é\n","logprob":-0.25,"bytes":[34,195,169,10]},{"token":"","logprob":-9999.0,"bytes":[]}]}],"refusal":null},"finish_reason":null}],"usage":null}""",
                """{"index":0,"delta":{"content":""},"logprobs":{"content":[{"token":"\\xf0\\x9f","logprob":-12.5,"bytes":[240,159],"top_logprobs":[]}],"refusal":null},"finish_reason":null}],"usage":null}""",
                """{"index":0,"delta":{"content":"😀"},"logprobs":null,"finish_reason":null}],"usage":null}""",
                """{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}],"usage":null}""",
                """],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7,"prompt_tokens_details":{"cached_tokens":2},"completion_tokens_details":{"reasoning_tokens":0}}}""",
            }.Select(chunk => Start + chunk + "\n\n")) + "data: [DONE]\n\n",
            Id().Replace(await response.Content.ReadAsStringAsync(), "chatcmpl-ID"));
    }

    [Fact]
    public async Task Without_usage_asked_for_no_chunk_speaks_of_it()
    {
        await using var host = await StartAsync();
        using var response = await host.ChatAsync(Ask + ""","stream":true}""");
        var chunks = (await response.EventsAsync()).Chunks();
        Assert.All(chunks, chunk => Assert.False(chunk.ContainsKey("usage")));
        Assert.All(chunks, chunk => Assert.Single(chunk["choices"]!.AsArray()));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(128)]
    public async Task Streamed_and_whole_say_the_same_for_any_number_of_choices(int n)
    {
        await using var host = await StartAsync();
        var ask = $$"""{{Ask}},"n":{{n}},"seed":7,"stop":["lived"],"max_tokens":11,"logprobs":true,"top_logprobs":3""";
        using var whole = await host.ChatAsync(ask + "}");
        var answer = await GatewayHost.JsonAsync(whole);
        using var streamed = await host.ChatAsync(ask + ""","stream":true,"stream_options":{"include_usage":true}}""");
        var chunks = (await streamed.EventsAsync()).Chunks();
        var usage = chunks[^1];
        Assert.Empty(usage["choices"]!.AsArray());
        Assert.Equal(answer["usage"]!.ToJsonString(), usage["usage"]!.ToJsonString());
        chunks.RemoveAt(chunks.Count - 1);
        Assert.All(chunks, chunk => Assert.True(chunk.ContainsKey("usage") && chunk["usage"] is null));

        var choices = answer["choices"]!.AsArray();
        Assert.Equal(n, choices.Count);
        for (var i = 0; i < n; i++)
        {
            var own = chunks.Select(chunk => chunk["choices"]![0]!).Where(choice => (int)choice["index"]! == i).ToList();
            Assert.All(own, choice => Assert.True(choice.AsObject().ContainsKey("finish_reason")));
            Assert.Equal("assistant", (string?)own[0]["delta"]!["role"]);
            Assert.All(own[1..], choice => Assert.False(choice["delta"]!.AsObject().ContainsKey("role")));
            Assert.All(own[..^1], choice => Assert.Null(choice["finish_reason"]));
            Assert.Empty(own[^1]["delta"]!.AsObject());
            Assert.Equal((string?)choices[i]!["finish_reason"], (string?)own[^1]["finish_reason"]);
            Assert.Equal((string?)choices[i]!["message"]!["content"], string.Concat(own.Select(choice => (string?)choice["delta"]!["content"])));
            Assert.Equal(
                choices[i]!["logprobs"]!["content"]!.AsArray().Select(token => token!.ToJsonString()),
                own.SelectMany(choice => choice["logprobs"]?["content"]!.AsArray() ?? []).Select(token => token!.ToJsonString()));
            Assert.DoesNotContain("lived", (string)choices[i]!["message"]!["content"]!, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_missing_seed_is_drawn_anew_for_every_request()
    {
        await using var host = await StartAsync();
        using var first = await host.ChatAsync(Ask + "}");
        var seed = host.Edge.LastGeneration.Sampling.Seed;
        using var second = await host.ChatAsync(Ask + "}");
        Assert.NotEqual(seed, host.Edge.LastGeneration.Sampling.Seed);
        using var given = await host.ChatAsync(Ask + ""","seed":5}""");
        Assert.Equal(5, host.Edge.LastGeneration.Sampling.Seed);
    }

    [Fact]
    public async Task What_may_have_other_bits_says_so_in_the_body_and_in_the_last_chunks()
    {
        await using var host = await StartAsync();
        host.Edge.Script(Moved());
        using var whole = await host.ChatAsync(Ask + "}");
        Assert.False((bool)(await GatewayHost.JsonAsync(whole))["meridian"]!["exact"]!);

        host.Edge.Script(Moved());
        using var streamed = await host.ChatAsync(Ask + ""","stream":true}""");
        var chunks = (await streamed.EventsAsync()).Chunks();
        Assert.False((bool)chunks[^1]["meridian"]!["exact"]!);
        Assert.All(chunks.SkipLast(1), chunk => Assert.False(chunk.ContainsKey("meridian")));

        host.Edge.Script(Moved());
        using var counted = await host.ChatAsync(Ask + ""","stream":true,"stream_options":{"include_usage":true}}""");
        Assert.False((bool)(await counted.EventsAsync()).Chunks()[^1]["meridian"]!["exact"]!);

        using var exact = await host.ChatAsync(Ask + "}");
        Assert.False((await GatewayHost.JsonAsync(exact)).AsObject().ContainsKey("meridian"));

        static ScriptedStream Moved() => new ScriptedStream().Then(Tokens.Say("a", 0, 0)).NoLongerExact().End(Tokens.Last("b", FinishReason.Stop, 0, 1));
    }

    [Theory]
    [InlineData("}", false)]
    [InlineData(""","seed":5}""", true)]
    [InlineData(""","temperature":0}""", true)]
    [InlineData(""","temperature":0.5,"seed":null}""", false)]
    public async Task A_seed_and_temperature_0_ask_for_the_same_bits(string rest, bool reproducible)
    {
        await using var host = await StartAsync();
        using var response = await host.ChatAsync(Ask + rest);
        Assert.Equal(reproducible, host.Edge.LastGeneration.Reproducible);
    }

    [Fact]
    public async Task The_fingerprint_names_the_arithmetic()
    {
        await using var host = await StartAsync();
        host.Edge.Script(new ScriptedStream { Head = EdgeDouble.Head(1) with { Arithmetic = "cpu-avx2-ort1.31.1" } }.End(Tokens.Last("b", FinishReason.Stop, 0, 0)));
        using var response = await host.ChatAsync(Ask + "}");
        Assert.Equal("fp_v2@9f3c1a20_fp32_cpu-avx2-ort1.31.1", (string?)(await GatewayHost.JsonAsync(response))["system_fingerprint"]);
    }

    [Fact]
    public async Task A_large_answer_is_whole()
    {
        await using var host = await StartAsync();
        var script = new ScriptedStream();
        var text = string.Concat(Enumerable.Repeat("naïve 😀 \"x\"\n", 500));
        for (var i = 0; i < 40; i++)
        {
            script.Then(Tokens.Say(text, 0, i) with { Logprobs = [Known, Half] });
        }

        host.Edge.Script(script.End(Tokens.Last("", FinishReason.Length, 0, 40)));
        using var response = await host.ChatAsync(Ask + ""","logprobs":true}""");
        var choice = JsonNode.Parse(await response.Content.ReadAsStringAsync())!["choices"]![0]!;
        Assert.Equal(string.Concat(Enumerable.Repeat(text, 40)), (string?)choice["message"]!["content"]);
        Assert.Equal(80, choice["logprobs"]!["content"]!.AsArray().Count);
    }

    private static Task<GatewayHost> StartAsync() => GatewayHost.StartAsync(services: services => services.AddSingleton<TimeProvider>(new FixedTime()));

    [GeneratedRegex("chatcmpl-[0-9a-f]{32}")]
    private static partial Regex Id();
}
