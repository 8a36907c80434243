using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Meridian.Errors;
using Meridian.Federation.Edge;
using Meridian.Federation.Regions;
using Meridian.Gateway.Http;
using Meridian.Gateway.OpenAi.Chat;
using Meridian.Gateway.Tests.Hosting;
using Meridian.Messages;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Meridian.Gateway.Tests.Generation;

/// <summary>What happens to a stream on its way: errors, silence, slow callers, callers who hang up.</summary>
public sealed class StreamTests
{
    private const string Ask = """{"model":"story","messages":[{"role":"user","content":"hi"}]""";

    [Fact]
    public async Task Each_frame_is_on_its_way_before_the_next_one_is_there()
    {
        await using var host = await GatewayHost.StartAsync();
        var script = new ScriptedStream();
        host.Edge.Script(script);
        script.Then(Tokens.Say("one"));
        using var response = await host.ChatAsync(Ask + ""","stream":true}""");
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        Assert.Contains("\"role\":\"assistant\"", await EventAsync(reader), StringComparison.Ordinal);
        Assert.Contains("\"content\":\"one\"", await EventAsync(reader), StringComparison.Ordinal);
        script.Then(Tokens.Say("two", position: 1), Tokens.Say("b", 0, 2));
        Assert.Contains("\"content\":\"two\"", await EventAsync(reader), StringComparison.Ordinal);
        Assert.Contains("\"content\":\"b\"", await EventAsync(reader), StringComparison.Ordinal);
        script.End(Tokens.Last("", position: 3));
        Assert.Contains("\"finish_reason\":\"stop\"", await EventAsync(reader), StringComparison.Ordinal);
        Assert.Equal("data: [DONE]", await EventAsync(reader));
        Assert.Null(await reader.ReadLineAsync());
        await script.Disposed.WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_refusal_before_the_first_token_is_an_ordinary_status(bool stream)
    {
        await using var host = await GatewayHost.StartAsync();
        var ask = $$"""{{Ask}},"stream":{{(stream ? "true" : "false")}}}""";
        host.Edge.Open = (_, _) => Task.FromResult(new EdgeOpening(null, new Refusal { Code = RefusalCode.InputTooLong, Message = "'messages' has 900 tokens: at most 512 are taken." }, "eastus", 1));
        using var tooLong = await host.ChatAsync(ask);
        await tooLong.ErrorAsync(400, "context_length_exceeded", "messages");
        host.Edge.Open = (_, _) => Task.FromResult(new EdgeOpening(null, new Refusal { Code = RefusalCode.NoCapacity, Message = "Full.", RetryAfterMs = 1500 }, null, 3));
        using var full = await host.ChatAsync(ask);
        await full.ErrorAsync(503, "no_capacity");
        Assert.Equal("1500", full.Header(GatewayHeaders.RetryAfterMs));
        Assert.Equal("3", full.Header(GatewayHeaders.Attempts));
        var lost = new ScriptedStream().Fail(new MeridianException(new Refusal { Code = RefusalCode.RegionLost, Message = "Lost." }));
        host.Edge.Script(lost);
        using var gone = await host.ChatAsync(ask);
        await gone.ErrorAsync(503, "region_unavailable");
        await lost.Disposed.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Empty(host.Log.Entries);
    }

    [Fact]
    public async Task An_error_in_mid_stream_is_its_last_event()
    {
        await using var host = await GatewayHost.StartAsync();
        var script = new ScriptedStream().Then(Tokens.Say("one")).Fail(new MeridianException(new Refusal { Code = RefusalCode.Deadline, Message = "The deadline of 5 ms passed." }));
        host.Edge.Script(script);
        using var response = await host.ChatAsync(Ask + ""","stream":true}""");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var events = await response.EventsAsync();
        Assert.Equal(3, events.Count);
        Assert.Equal("""{"error":{"message":"The deadline of 5 ms passed.","type":"server_error","param":null,"code":"deadline"}}""", events[2]);
        await script.Disposed.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Empty(host.Log.Entries);
    }

    [Fact]
    public async Task An_error_in_the_middle_of_a_whole_answer_is_its_status()
    {
        await using var host = await GatewayHost.StartAsync();
        host.Edge.Script(new ScriptedStream().Then(Tokens.Say("one")).Fail(new MeridianException(new Refusal { Code = RefusalCode.RegionLost, Message = "Lost." })));
        using var response = await host.ChatAsync(Ask + "}");
        await response.ErrorAsync(503, "region_unavailable");
        Assert.Empty(host.Log.Entries);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_fault_of_ours_is_logged_once_and_told_with_the_requests_id(bool stream)
    {
        await using var host = await GatewayHost.StartAsync();
        foreach (var script in (ScriptedStream[])[new ScriptedStream().Then(Tokens.Say("one")).Fail(new InvalidOperationException("broken")), new ScriptedStream().Then(Tokens.Say("one")).End()])
        {
            host.Edge.Script(script);
            using var response = await host.ChatAsync($$"""{{Ask}},"stream":{{(stream ? "true" : "false")}}}""");
            var text = stream ? (await response.EventsAsync())[^1] : await response.Content.ReadAsStringAsync();
            Assert.Equal(stream ? 200 : 500, (int)response.StatusCode);
            var error = JsonNode.Parse(text)!["error"]!;
            Assert.Equal("internal", (string?)error["code"]);
            Assert.Contains(response.Header(GatewayHeaders.RequestId), (string)error["message"]!, StringComparison.Ordinal);
            await script.Disposed.WaitAsync(TimeSpan.FromSeconds(30));
        }

        Assert.Equal(2, host.Log.Entries.Count(entry => entry.Level == LogLevel.Error));
    }

    [Fact]
    public async Task A_silent_stream_says_that_it_lives()
    {
        var time = new FakeTimeProvider();
        await using var host = await GatewayHost.StartAsync(options => options.HeartbeatMs = 10_000, services => services.AddSingleton<TimeProvider>(time));
        var script = new ScriptedStream().Then(Tokens.Say("one"));
        host.Edge.Script(script);
        using var response = await host.ChatAsync(Ask + ""","stream":true}""");
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        await EventAsync(reader);
        await EventAsync(reader);
        var passed = 0;
        for (var silence = 0; silence < 3; silence++)
        {
            var next = EventAsync(reader);
            while (await Task.WhenAny(next, Task.Delay(5)) != next)
            {
                time.Advance(TimeSpan.FromSeconds(5));
                passed += 5;
            }

            Assert.Equal(": ping", await next);
        }

        // A ping is a sign of life, too: the next silence begins with it.
        Assert.True(passed >= 25, $"Three pings came within {passed} s.");

        script.End(Tokens.Last("two", position: 1));
        var rest = Events.Parse(await reader.ReadToEndAsync());
        Assert.Contains("\"content\":\"two\"", rest[0], StringComparison.Ordinal);
        Assert.Equal("[DONE]", rest[^1]);
        Assert.Empty(host.Log.Entries);
    }

    [Fact]
    public async Task A_caller_who_does_not_read_holds_the_stream_back()
    {
        await using var host = await GatewayHost.StartAsync();
        var script = new ScriptedStream();
        var text = new string('x', 1000);
        for (var i = 0; i < 1000; i++)
        {
            script.Then(Tokens.Say(text, 0, i));
        }

        host.Edge.Script(script.End(Tokens.Last("", FinishReason.Stop, 0, 1000)));
        // Every frame is at hand, so that the writer runs to where the pipe stops it before it first lets go.
        var (context, pipe) = Narrow(host);
        var serving = host.App.Services.GetRequiredService<ChatEndpoint>().HandleAsync(context);
        Assert.False(serving.IsCompleted);
        Assert.InRange(script.Reads, 10, 17);

        var body = new MemoryStream();
        var reading = pipe.Reader.CopyToAsync(body);
        await serving;
        await pipe.Writer.CompleteAsync();
        await reading;
        var chunks = Events.Parse(Encoding.UTF8.GetString(body.ToArray())).Chunks();
        Assert.Equal(1002, chunks.Count);
        Assert.True(script.Disposed.IsCompleted);
    }

    [Fact]
    public async Task A_caller_who_does_not_read_is_cut_off_soon_after_the_deadline()
    {
        var time = new FakeTimeProvider();
        await using var host = await GatewayHost.StartAsync(options => options.DefaultGenerationDeadlineMs = 60_000, services => services.AddSingleton<TimeProvider>(time));
        var script = new ScriptedStream();
        for (var i = 0; i < 100; i++)
        {
            script.Then(Tokens.Say(new string('x', 1000), 0, i));
        }

        host.Edge.Script(script);
        var (context, _) = Narrow(host);
        var serving = host.App.Services.GetRequiredService<ChatEndpoint>().HandleAsync(context);
        time.Advance(TimeSpan.FromSeconds(60));
        Assert.False(context.RequestAborted.IsCancellationRequested);

        time.Advance(TimeSpan.FromSeconds(10));

        Assert.True(context.RequestAborted.IsCancellationRequested);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => serving.WaitAsync(TimeSpan.FromSeconds(30)));
        Assert.True(script.Disposed.IsCompleted);
        Assert.Empty(host.Log.Entries);
    }

    [Fact]
    public async Task What_a_stream_says_when_its_caller_has_left_is_no_fault()
    {
        await using var host = await GatewayHost.StartAsync();
        host.Edge.Script(new ParrotStream());
        var (context, _) = Narrow(host);
        var serving = host.App.Services.GetRequiredService<ChatEndpoint>().HandleAsync(context);
        context.Abort();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => serving.WaitAsync(TimeSpan.FromSeconds(30)));
    }

    [Theory]
    [InlineData(false, 1, false)]
    [InlineData(false, 1, true)]
    [InlineData(false, 16, true)]
    [InlineData(true, 1, false)]
    [InlineData(true, 1, true)]
    [InlineData(true, 16, false)]
    public async Task Closing_the_socket_while_nothing_comes_disposes_the_stream(bool stream, int n, bool reset)
    {
        await using var host = await GatewayHost.StartAsync();
        var script = new ScriptedStream().Then([.. Enumerable.Range(0, n).Select(choice => Tokens.Say("one", choice))]);
        host.Edge.Script(script);
        using (var client = await SendAsync(host, $$"""{{Ask}},"n":{{n}},"stream":{{(stream ? "true" : "false")}}}"""))
        {
            // Nothing is written any more: only its reading can tell the server.
            await script.ReadsAsync(2).WaitAsync(TimeSpan.FromSeconds(30));
            Assert.False(script.Disposed.IsCompleted);
            client.LingerState = new LingerOption(reset, 0);
        }

        await script.Disposed.WaitAsync(TimeSpan.FromSeconds(30));
        using var next = await host.EmbedAsync("""{"model":"minilm","input":"x"}""");
        Assert.Equal(HttpStatusCode.OK, next.StatusCode);
        await host.App.StopAsync();
        Assert.Empty(host.Log.Entries);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(16)]
    public async Task Closing_the_socket_while_tokens_come_disposes_the_stream(int n)
    {
        await using var host = await GatewayHost.StartAsync();
        StoryStream? story = null;
        host.Edge.Open = (request, _) => Task.FromResult(new EdgeOpening(story = new StoryStream(EdgeDouble.Head(1), (GenerationInput)request.Input), null, "eastus", 1));
        using (var client = await SendAsync(host, $$"""{{Ask}},"n":{{n}},"stream":true,"ignore_eos":true}"""))
        {
            var buffer = new byte[1 << 16];
            for (var read = 0; read < 1 << 20;)
            {
                read += await client.GetStream().ReadAsync(buffer);
            }
        }

        await story!.Disposed.Task.WaitAsync(TimeSpan.FromSeconds(30));
        await host.App.StopAsync();
        Assert.Empty(host.Log.Entries);
    }

    [Fact]
    public async Task Closing_the_socket_while_the_edge_opens_cancels_the_opening()
    {
        await using var host = await GatewayHost.StartAsync();
        var entered = new TaskCompletionSource();
        var cancelled = new TaskCompletionSource();
        host.Edge.Open = async (_, cancellationToken) =>
        {
            using var registration = cancellationToken.UnsafeRegister(_ => cancelled.TrySetResult(), null);
            entered.SetResult();
            await Task.Delay(Timeout.Infinite, cancellationToken);
            throw new InvalidOperationException();
        };
        using (await SendAsync(host, Ask + ""","stream":true}"""))
        {
            await entered.Task.WaitAsync(TimeSpan.FromSeconds(30));
        }

        await cancelled.Task.WaitAsync(TimeSpan.FromSeconds(30));
        await host.App.StopAsync();
        Assert.Empty(host.Log.Entries);
    }

    [Fact]
    public async Task A_generation_has_its_own_deadline_and_the_callers_counts()
    {
        await using var host = await GatewayHost.StartAsync(options => options.DefaultGenerationDeadlineMs = 444_444);
        using var plain = await host.ChatAsync(Ask + "}");
        Assert.InRange(host.Edge.Last!.RemainingMs, 400_000, 444_444);
        using var own = await host.PostAsync("/v1/chat/completions", Encoding.UTF8.GetBytes(Ask + "}"), (GatewayHeaders.Deadline, "777"), (GatewayHeaders.Residency, "eu"), (GatewayHeaders.RequestId, "mine"));
        Assert.InRange(host.Edge.Last!.RemainingMs, 1, 777);
        Assert.Equal(["eu"], host.Edge.Last.Residency!);
        Assert.Equal("mine", host.Edge.Last.RequestId);
        using var wrong = await host.PostAsync("/v1/completions", Encoding.UTF8.GetBytes("""{"model":"story","prompt":"x"}"""), (GatewayHeaders.Deadline, "0"));
        await wrong.ErrorAsync(400, "invalid_header", GatewayHeaders.Deadline);
    }

    private static async Task<TcpClient> SendAsync(GatewayHost host, string body)
    {
        var client = new TcpClient();
        await client.ConnectAsync(host.Address.Host, host.Address.Port);
        await client.GetStream().WriteAsync(Encoding.UTF8.GetBytes($"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}"));
        return client;
    }

    /// <summary>The next event or comment.</summary>
    private static async Task<string> EventAsync(StreamReader reader)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var line = await reader.ReadLineAsync(limit.Token);
        Assert.Equal("", await reader.ReadLineAsync(limit.Token));
        return line!;
    }

    /// <summary>A streamed chat whose caller takes 16 KiB and then no more; aborting it is told to whoever asks.</summary>
    private static (HttpContext Context, Pipe Pipe) Narrow(GatewayHost host)
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 16 * 1024, resumeWriterThreshold: 8 * 1024, readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline, useSynchronizationContext: false));
        var context = new DefaultHttpContext { RequestServices = host.App.Services };
        context.Features.Set<IHttpResponseBodyFeature>(new PipeResponseBody(pipe.Writer));
        context.Features.Set<IHttpRequestLifetimeFeature>(new Lifetime());
        context.Request.Body = new MemoryStream(Encoding.UTF8.GetBytes(Ask + ""","stream":true}"""));
        context.TraceIdentifier = "x";
        return (context, pipe);
    }

    [SuppressMessage("Design", "CA1001", Justification = "Its tokens outlive it, and it has no timer.")]
    private sealed class Lifetime : IHttpRequestLifetimeFeature
    {
        private readonly CancellationTokenSource _aborted = new();

        public Lifetime() => RequestAborted = _aborted.Token;

        public CancellationToken RequestAborted { get; set; }

        public void Abort() => _aborted.Cancel();
    }

    /// <summary>A stream whose second read ends with a refusal when its caller leaves.</summary>
    private sealed class ParrotStream : IRegionStream
    {
        private bool _begun;

        public StreamHead Head { get; } = EdgeDouble.Head(1);

        public async ValueTask<StreamFrame?> ReadAsync(CancellationToken cancellationToken)
        {
            if (!_begun)
            {
                _begun = true;
                return new StreamFrame { Offset = 0, Next = 1, Groups = [Tokens.Say("one")] };
            }

            var left = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            await using var registration = cancellationToken.UnsafeRegister(static left => ((TaskCompletionSource)left!).SetResult(), left);
            await left.Task;
            throw new MeridianException(new Refusal { Code = RefusalCode.RegionLost, Message = "Lost." });
        }

        public ValueTask DisposeAsync() => default;
    }

    private sealed class PipeResponseBody(PipeWriter writer) : IHttpResponseBodyFeature
    {
        public Stream Stream => writer.AsStream();

        public PipeWriter Writer => writer;

        public Task CompleteAsync() => Task.CompletedTask;

        public void DisableBuffering()
        {
        }

        public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public Task StartAsync(CancellationToken cancellationToken = default) => Task.CompletedTask;
    }
}
