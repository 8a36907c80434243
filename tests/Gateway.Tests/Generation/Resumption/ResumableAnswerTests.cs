using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Meridian.Federation.Edge;
using Meridian.Gateway.Http;
using Meridian.Gateway.Tests.Hosting;
using Meridian.Messages;
using static Meridian.Gateway.Tests.Generation.Resumption.ResumableCalls;

namespace Meridian.Gateway.Tests.Generation.Resumption;

public sealed class ResumableAnswerTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public static TheoryData<string, string> Requests => new()
    {
        { "/v1/chat/completions", """{"model":"story","messages":[{"role":"user","content":"x"}],"stream":true,"stream_options":{"include_usage":true}}""" },
        { "/v1/chat/completions", """{"model":"story","messages":[{"role":"user","content":"x"}],"stream":true,"n":3,"max_completion_tokens":10,"seed":5}""" },
        { "/v1/chat/completions", """{"model":"story","messages":[{"role":"user","content":"x"}],"stream":true,"logprobs":true,"stream_options":{"include_usage":true}}""" },
        { "/v1/completions", """{"model":"story","prompt":"x","stream":true,"logprobs":1,"seed":3}""" },
        { "/v1/completions", """{"model":"story","prompt":["x","y"],"stream":true,"n":2,"max_tokens":100,"stream_options":{"include_usage":true}}""" },
    };

    [Fact]
    public async Task A_stream_that_can_be_resumed_asks_for_the_same_bits()
    {
        await using var host = await StartAsync();
        using var response = await PostAsync(host, "/v1/completions", """{"model":"story","prompt":"x","stream":true}""");
        Assert.True(host.Edge.LastGeneration.Reproducible);
    }

    [Theory]
    [MemberData(nameof(Requests))]
    public async Task Cut_after_any_event_the_answer_goes_on_at_the_same_edge(string path, string body)
    {
        await using var host = await StartAsync();
        await CutEverywhereAsync(host, host, path, body);
    }

    [Theory]
    [MemberData(nameof(Requests))]
    public async Task Cut_after_any_event_the_answer_goes_on_at_another_edge(string path, string body)
    {
        await using var host = await StartAsync();
        await using var other = await StartAsync();
        await CutEverywhereAsync(host, other, path, body);
    }

    [Fact]
    public async Task Another_edge_is_bound_to_version_variant_and_seed()
    {
        await using var host = await StartAsync();
        await using var other = await StartAsync();
        var (path, body) = ("/v1/chat/completions", """{"model":"story","messages":[{"role":"user","content":"x"}],"stream":true}""");
        var events = await ReadAsync(await PostAsync(host, path, body), 3);
        var seed = host.Edge.LastGeneration.Sampling.Seed;

        using var rest = await PostAsync(other, path, body, events[^1].Id);

        Assert.Equal(HttpStatusCode.OK, rest.StatusCode);
        Assert.Equal((EdgeDouble.Version, "fp32", seed), (other.Edge.Last!.Version, other.Edge.Last.Variant, other.Edge.LastGeneration.Sampling.Seed));
        Assert.NotNull(other.Edge.LastGeneration.Resume);
    }

    [Fact]
    public async Task Nothing_is_told_twice_to_whoever_has_all_but_the_end()
    {
        await using var host = await StartAsync();
        await using var other = await StartAsync();
        var (path, body) = ("/v1/completions", """{"model":"story","prompt":"x","stream":true,"stream_options":{"include_usage":true}}""");
        var all = await ReadAsync(await PostAsync(host, path, body));
        var finish = all.FindIndex(e => e.Data.Contains("\"finish_reason\":\"stop\"", StringComparison.Ordinal));

        foreach (var edge in new[] { host, other })
        {
            var rest = await ReadAsync(await PostAsync(edge, path, body, all[finish].Id));
            Assert.Equal(all[(finish + 1)..].ConvertAll(e => e.Data), rest.ConvertAll(e => e.Data));
        }
    }

    [Fact]
    public async Task A_stream_waits_for_its_caller_and_goes_on_where_it_stood()
    {
        await using var host = await StartAsync();
        var script = new ScriptedStream().Then(Group(0, "a"));
        host.Edge.Script(script);
        var (path, body) = ("/v1/completions", """{"model":"story","prompt":"x","stream":true}""");
        var first = await PostAsync(host, path, body);
        var events = await ReadAsync(first, 1);
        Assert.False(script.Disposed.IsCompleted);

        script.End(Group(1, "b", FinishReason.Stop));
        var rest = await ReadAsync(await PostAsync(host, path, body, events[^1].Id));

        Assert.Equal(["a", "b"], Texts([.. events, .. rest]));
        Assert.Equal("[DONE]", rest[^1].Data);
    }

    [Fact]
    public async Task A_second_connection_takes_over_from_one_that_broke_unnoticed()
    {
        await using var host = await StartAsync();
        var script = new ScriptedStream().Then(Group(0, "a"));
        host.Edge.Script(script);
        var (path, body) = ("/v1/completions", """{"model":"story","prompt":"x","stream":true}""");
        using var first = await PostAsync(host, path, body);
        await using var open = await first.Content.ReadAsStreamAsync();
        var id = (await ReadEventAsync(open)).Id;

        using var second = await PostAsync(host, path, body, id);
        script.End(Group(1, "b", FinishReason.Stop));

        Assert.Equal(["b"], Texts(await ReadAsync(second)));
        await Assert.ThrowsAnyAsync<Exception>(async () => await ReadEventAsync(open));
    }

    [Fact]
    public async Task A_caller_who_does_not_come_back_is_not_waited_for_long()
    {
        await using var host = await StartAsync(options => options.ResumeSeconds = 1);
        var script = new ScriptedStream().Then(Group(0, "a"));
        host.Edge.Script(script);
        await ReadAsync(await PostAsync(host, "/v1/completions", """{"model":"story","prompt":"x","stream":true}"""), 1);

        await script.Disposed.WaitAsync(Patience);
    }

    [Fact]
    public async Task Where_too_many_are_open_an_answer_has_no_ids_and_says_so()
    {
        await using var host = await StartAsync(options => options.MaxResumableStreams = 0);
        using var response = await PostAsync(host, "/v1/completions", """{"model":"story","prompt":"x","stream":true}""");

        Assert.Equal("0", response.Headers.GetValues(GatewayHeaders.Resumable).Single());
        Assert.All(await ReadAsync(response), e => Assert.Equal("", e.Id));
    }

    [Fact]
    public async Task Whoever_does_not_ask_for_ids_gets_none()
    {
        await using var host = await StartAsync();
        using var response = await host.PostAsync("/v1/completions", Encoding.UTF8.GetBytes("""{"model":"story","prompt":"x","stream":true}"""));

        Assert.False(response.Headers.Contains(GatewayHeaders.Resumable));
        Assert.All(await ReadAsync(response), e => Assert.Equal("", e.Id));
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("1.cmpl-0123456789abcdef0123456789abcdef.1.1.v.f.1")]
    [InlineData("2.cmpl-1.1.1.v.f.d.1.0123456789012345678901")]
    [InlineData("2.cmpl-0123456789abcdef0123456789abcdef.1.1.v.f.d.1-1.0123456789012345678901")]
    [InlineData("2.cmpl-0123456789abcdef0123456789abcdef.1.1.v.f.d.-1.0123456789012345678901")]
    [InlineData("2.cmpl-0123456789abcdef0123456789abcdef.1.1.v.f.d.1.short")]
    [InlineData("3.cmpl-0123456789abcdef0123456789abcdef.1.1.v.f.a.d.~.0123456789012345678901")]
    [InlineData("3.cmpl-0123456789abcdef0123456789abcdef.1.1.v.f.a.d..0123456789012345678901")]
    public async Task An_id_that_is_none_of_this_request_is_a_mistake(string id)
    {
        await using var host = await StartAsync();
        using var response = await PostAsync(host, "/v1/completions", """{"model":"story","prompt":"x","stream":true}""", id);

        await response.ErrorAsync(400, "invalid_header", GatewayHeaders.LastEventId);
    }

    [Fact]
    public async Task What_comes_out_differently_the_second_time_is_refused()
    {
        await using var host = await StartAsync();
        await using var other = await StartAsync();
        var (path, body) = ("/v1/completions", """{"model":"story","prompt":"x","stream":true}""");
        var events = await ReadAsync(await PostAsync(host, path, body), 1);

        using var response = await PostAsync(other, path, body, Resigned(other, events[0].Id, "400"));

        await response.ErrorAsync(409, "cannot_resume", GatewayHeaders.LastEventId);
    }

    /// <summary>The beginning that the caller has, and the same computed again elsewhere, are of one text only where the arithmetic is the same and both are exact.</summary>
    [Theory]
    [InlineData("avx2", false, false, false)]
    [InlineData("avx512", false, false, true)]
    [InlineData("avx2", true, false, true)]
    [InlineData("avx2", false, true, true)]
    public async Task Another_edge_says_where_the_answer_may_be_another_text(string arithmetic, bool begunInexactly, bool againInexactly, bool inexact)
    {
        await using var host = await StartAsync();
        await using var other = await StartAsync();
        host.Edge.Open = (request, _) => Task.FromResult(new EdgeOpening(new PositionedStory((GenerationInput)request.Input, "avx2", begunInexactly), null, "eastus", 1));
        var asked = new List<GenerationInput>();
        other.Edge.Open = (request, _) =>
        {
            var input = (GenerationInput)request.Input;
            asked.Add(input);
            return Task.FromResult(new EdgeOpening(new PositionedStory(input, arithmetic, againInexactly && input.Resume is null), null, "westeurope", 1));
        };
        var (path, body) = ("/v1/completions", """{"model":"story","prompt":"x","stream":true}""");
        var events = await ReadAsync(await PostAsync(host, path, body), 3);

        var rest = await ReadAsync(await PostAsync(other, path, body, events[^1].Id));

        Assert.Equal(["avx2", arithmetic], asked.Select(input => input.Arithmetic!));
        Assert.Equal(inexact, rest.Any(e => e.Data.Contains("\"exact\":false", StringComparison.Ordinal)));
        Assert.Equal(inexact, rest[0].Id.Split('.')[^2].EndsWith('~'));
    }

    [Fact]
    public async Task An_id_of_an_earlier_build_goes_on()
    {
        await using var host = await StartAsync();
        await using var other = await StartAsync();
        var (path, body) = ("/v1/completions", """{"model":"story","prompt":"x","stream":true}""");
        var whole = await ReadAsync(await PostAsync(host, path, body));
        var fields = whole[2].Id.Split('.');
        Assert.Equal(("3", "avx2"), (fields[0], fields[6]));

        var rest = await ReadAsync(await PostAsync(other, path, body, Signed(other, ["2", .. fields[1..6], .. fields[7..^1]])));

        // It does not say by which arithmetic the beginning was computed.
        Assert.Equal(Texts(whole[3..]), Texts(rest));
        Assert.Contains(rest, e => e.Data.Contains("\"exact\":false", StringComparison.Ordinal));
    }

    /// <summary>The first edge still has the stream of the beginning when the caller comes back from the second.</summary>
    [Fact]
    public async Task An_answer_that_was_inexact_at_another_edge_stays_so_at_the_first()
    {
        await using var host = await StartAsync();
        await using var other = await StartAsync();
        other.Edge.Open = (request, _) => Task.FromResult(new EdgeOpening(new PositionedStory((GenerationInput)request.Input, "avx512"), null, "westeurope", 1));
        var (path, body) = ("/v1/completions", """{"model":"story","prompt":"x","stream":true}""");
        var events = await ReadAsync(await PostAsync(host, path, body), 2);
        var elsewhere = await ReadAsync(await PostAsync(other, path, body, events[^1].Id), 1);

        var rest = await ReadAsync(await PostAsync(host, path, body, elsewhere[^1].Id));

        Assert.All(rest.Where(e => e.Id.Length > 0), e => Assert.EndsWith("~", e.Id.Split('.')[^2], StringComparison.Ordinal));
        Assert.Contains(rest, e => e.Data.Contains("\"exact\":false", StringComparison.Ordinal));
    }

    private static async Task CutEverywhereAsync(GatewayHost host, GatewayHost other, string path, string body)
    {
        var whole = await ReadAsync(await PostAsync(host, path, body));
        for (var cut = 1; cut < whole.Count - 1; cut++)
        {
            var begun = await ReadAsync(await PostAsync(host, path, body), cut);
            var rest = await ReadAsync(await PostAsync(other, path, body, begun[^1].Id));

            List<Event> both = [.. begun, .. rest];
            Assert.Equal("[DONE]", both[^1].Data);
            var expected = Answer.Of(both.Count > 0 && Seeded(body) ? whole : both, body);
            var actual = Answer.Of(both, body);
            Assert.Equal(expected.Texts, actual.Texts);
            Assert.Equal(Answer.Of(whole, body).Shape, actual.Shape);
            Assert.Single(both.Where(e => e.Data.StartsWith('{')).Select(e => (string)JsonNode.Parse(e.Data)!["id"]!).Distinct());
        }
    }

    private static bool Seeded(string body) => body.Contains("\"seed\"", StringComparison.Ordinal);

    /// <summary>What a caller makes of the events.</summary>
    private sealed record Answer(string Texts, string Shape)
    {
        public static Answer Of(List<Event> events, string body)
        {
            var texts = new SortedDictionary<int, string>();
            var finishes = new SortedDictionary<int, string>();
            var logprobs = 0;
            List<int> offsets = [];
            string? usage = null;
            foreach (var chunk in events.Where(e => e.Data.StartsWith('{')).Select(e => JsonNode.Parse(e.Data)!))
            {
                foreach (var choice in chunk["choices"]!.AsArray())
                {
                    var index = (int)choice!["index"]!;
                    texts[index] = texts.GetValueOrDefault(index, "") + (string?)(choice["text"] ?? choice["delta"]!["content"]);
                    logprobs += choice["logprobs"]?["content"]?.AsArray().Count ?? 0;
                    offsets.AddRange(choice["logprobs"]?["text_offset"]?.AsArray().Select(at => (int)at!) ?? []);
                    if ((string?)choice["finish_reason"] is { } finish)
                        Assert.True(finishes.TryAdd(index, finish), $"Choice {index} finished twice in the answer to {body}");
                }

                usage = chunk["usage"] is { } count ? ((long)count["completion_tokens"]!).ToString(CultureInfo.InvariantCulture) : usage;
            }

            return new Answer(
                string.Join('|', texts.Values),
                $"{string.Join(',', texts.Values.Select(text => text.Length > 0))};{string.Join(',', finishes.Select(f => f.Value))};{usage};{logprobs};{string.Join(',', offsets)}");
        }
    }
}
