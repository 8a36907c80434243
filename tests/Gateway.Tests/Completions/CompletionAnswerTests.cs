using System.Text.RegularExpressions;
using Meridian.Gateway.Tests.Hosting;
using Meridian.Messages;
using Microsoft.Extensions.DependencyInjection;

namespace Meridian.Gateway.Tests.Completions;

public sealed partial class CompletionAnswerTests
{
    private static readonly TokenLogprob Known = Tokens.Logprob(7, "né", -0.25f, Tokens.Logprob(8, "a\"", -0.125f), Tokens.Logprob(7, "né", -0.25f));

    private static readonly TokenLogprob Half = Tokens.Logprob(9, [0xf0, 0x9f], -2f, Tokens.Logprob(8, "b", -1f));

    private static readonly TokenLogprob Rest = Tokens.Logprob(10, [0x98, 0x80], -3f);

    [Fact]
    public async Task A_whole_answer_with_its_log_probabilities()
    {
        await using var host = await StartAsync();
        host.Edge.Script(Script());
        using var response = await host.CompleteAsync("""{"model":"story","prompt":"x","logprobs":2}""");
        Assert.Equal(
            """{"id":"cmpl-ID","object":"text_completion","created":1790000000,"model":"story","choices":[{"index":0,"text":"né😀","logprobs":{"tokens":["né","bytes:\\xf0\\x9f","bytes:\\x98\\x80"],"token_logprobs":[-0.25,-2,-3],"top_logprobs":[{"a\"":-0.125,"né":-0.25},{"b":-1,"bytes:\\xf0\\x9f":-2},{"bytes:\\x98\\x80":-3}],"text_offset":[0,2,3]},"finish_reason":"length"}],"usage":{"prompt_tokens":3,"completion_tokens":3,"total_tokens":6,"prompt_tokens_details":{"cached_tokens":2},"completion_tokens_details":{"reasoning_tokens":0}},"system_fingerprint":"fp_v2@9f3c1a20_fp32"}""",
            Id().Replace(await response.Content.ReadAsStringAsync(), "cmpl-ID"));
    }

    [Fact]
    public async Task A_streamed_answer_with_its_log_probabilities()
    {
        await using var host = await StartAsync();
        host.Edge.Script(Script());
        using var response = await host.CompleteAsync("""{"model":"story","prompt":"x","logprobs":2,"stream":true}""");
        const string Start = """data: {"id":"cmpl-ID","object":"text_completion","created":1790000000,"model":"story","system_fingerprint":"fp_v2@9f3c1a20_fp32","choices":[""";
        Assert.Equal(
            string.Concat(new[]
            {
                """{"index":0,"text":"né","logprobs":{"tokens":["né"],"token_logprobs":[-0.25],"top_logprobs":[{"a\"":-0.125,"né":-0.25}],"text_offset":[0]},"finish_reason":null}]}""",
                """{"index":0,"text":"","logprobs":{"tokens":["bytes:\\xf0\\x9f"],"token_logprobs":[-2],"top_logprobs":[{"b":-1,"bytes:\\xf0\\x9f":-2}],"text_offset":[2]},"finish_reason":null}]}""",
                """{"index":0,"text":"😀","logprobs":{"tokens":["bytes:\\x98\\x80"],"token_logprobs":[-3],"top_logprobs":[{"bytes:\\x98\\x80":-3}],"text_offset":[3]},"finish_reason":"length"}]}""",
            }.Select(chunk => Start + chunk + "\n\n")) + "data: [DONE]\n\n",
            Id().Replace(await response.Content.ReadAsStringAsync(), "cmpl-ID"));
    }

    [Fact]
    public async Task Choices_of_several_prompts_are_numbered_through_and_an_echo_stands_in_front()
    {
        await using var host = await StartAsync();
        const string Ask = """{"model":"story","prompt":["P\"0","P1","P2"],"n":2,"echo":true,"seed":0,"max_tokens":4""";
        using var whole = await host.CompleteAsync(Ask + "}");
        var answer = await GatewayHost.JsonAsync(whole);
        var texts = answer["choices"]!.AsArray().Select(choice => (string)choice!["text"]!).ToList();
        Assert.Equal(6, texts.Count);
        Assert.Equal("P\"0Once upon a time", texts[0]);
        Assert.Equal("P1 a time, naïve", texts[2]);
        Assert.Equal("P2 naïve 😀 \"cats\"\n", texts[5]);
        Assert.Equal((9, 24), ((int)answer["usage"]!["prompt_tokens"]!, (int)answer["usage"]!["completion_tokens"]!));

        using var streamed = await host.CompleteAsync(Ask + ""","stream":true}""");
        var chunks = (await streamed.EventsAsync()).Chunks().ConvertAll(chunk => chunk["choices"]![0]!);
        for (var i = 0; i < 6; i++)
        {
            var own = chunks.Where(choice => (int)choice["index"]! == i).ToList();
            Assert.Equal(texts[i], string.Concat(own.Select(choice => (string)choice["text"]!)));
            Assert.Equal("length", (string?)own[^1]["finish_reason"]);
            Assert.All(own[..^1], choice => Assert.Null(choice["finish_reason"]));
        }
    }

    private static ScriptedStream Script() => new ScriptedStream()
        .Then(Tokens.Say("né", 0, 0) with { Logprobs = [Known] })
        .Then(Tokens.Say("", 0, 1) with { Logprobs = [Half] })
        .End(Tokens.Last("😀", FinishReason.Length, 0, 2) with { Logprobs = [Rest] });

    private static Task<GatewayHost> StartAsync() => GatewayHost.StartAsync(services: services => services.AddSingleton<TimeProvider>(new FixedTime()));

    [GeneratedRegex("cmpl-[0-9a-f]{32}")]
    private static partial Regex Id();
}
