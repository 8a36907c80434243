using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Meridian.Errors;
using Meridian.Federation.Edge;
using Meridian.Gateway.Http;
using Meridian.Gateway.Tests.Hosting;
using Meridian.Messages;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Meridian.Gateway.Tests.Generation;

/// <summary>What a caller of a stream sees while its first token is far away.</summary>
public sealed class StreamStartTests
{
    private const string Ask = """{"model":"story","messages":[{"role":"user","content":"hi"}],"stream":true}""";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(15);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_headers_leave_after_a_while_and_comments_follow_until_the_first_token(bool resumable)
    {
        await using var asked = await Asked.StartAsync(resumable);
        await asked.Time.WaitedForAsync();
        asked.Time.Advance(Silence - TimeSpan.FromMilliseconds(1));
        Assert.False(asked.Response.IsCompleted);
        asked.Time.Advance(TimeSpan.FromMilliseconds(1));
        using var response = await asked.Response.WaitAsync(Patience);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.ToString());
        Assert.Equal(resumable, response.Headers.Contains(GatewayHeaders.Resumable));
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        Assert.Equal(": ping", await EventAsync(reader));
        for (var i = 0; i < 20; i++)
        {
            await asked.Time.PassAsync();
            Assert.Equal(": ping", await EventAsync(reader));
        }

        asked.Opened.SetResult(new EdgeOpening(new ScriptedStream().Then(Tokens.Say("one")).End(Tokens.Last("two", position: 1)), null, "eastus", 2));

        Assert.Equal($": region=eastus attempts=2 version={EdgeDouble.Version}", await EventAsync(reader));
        var rest = await reader.ReadToEndAsync().WaitAsync(Patience);
        Assert.Contains("\"content\":\"two\"", rest, StringComparison.Ordinal);
        Assert.EndsWith("data: [DONE]\n\n", rest, StringComparison.Ordinal);
        Assert.Empty(asked.Host.Log.Entries);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task A_refusal_after_the_headers_is_an_event_with_the_same_code(bool resumable, bool byTheFirstRead)
    {
        await using var asked = await Asked.StartAsync(resumable);
        await asked.Time.PassAsync();
        using var response = await asked.Response.WaitAsync(Patience);

        var refusal = new Refusal { Code = RefusalCode.NoCapacity, Message = "Full." };
        asked.Opened.SetResult(byTheFirstRead ? new EdgeOpening(new ScriptedStream().Fail(new MeridianException(refusal)), null, "eastus", 3) : new EdgeOpening(null, refusal, "eastus", 3));

        var body = await response.Content.ReadAsStringAsync().WaitAsync(Patience);
        Assert.Contains("\n\n: region=eastus attempts=3\n\n", body, StringComparison.Ordinal);
        Assert.Equal("no_capacity", (string?)JsonNode.Parse(Events.Parse(body).Single())!["error"]!["code"]);
        Assert.Empty(asked.Host.Log.Entries);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task An_edge_that_stops_tells_whoever_waits_for_a_first_token(bool resumable, bool late)
    {
        await using var asked = await Asked.StartAsync(resumable);
        if (late)
        {
            await asked.Time.PassAsync();
            (await asked.Response.WaitAsync(Patience)).EnsureSuccessStatusCode();
        }

        asked.Host.App.Services.GetRequiredService<FacadeShutdown>().End();

        using var response = await asked.Response.WaitAsync(Patience);
        Assert.Equal(late ? HttpStatusCode.OK : HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Contains("server_shutting_down", await response.Content.ReadAsStringAsync().WaitAsync(Patience), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_caller_who_leaves_while_comments_come_cancels_the_opening(bool resumable)
    {
        await using var asked = await Asked.StartAsync(resumable);
        await asked.Time.PassAsync();
        (await asked.Response.WaitAsync(Patience)).Dispose();

        await asked.Cancelled.Task.WaitAsync(Patience);
        await asked.Host.App.StopAsync();
        Assert.Empty(asked.Host.Log.Entries);
    }

    private static async Task<string> EventAsync(StreamReader reader)
    {
        using var limit = new CancellationTokenSource(Patience);
        var line = await reader.ReadLineAsync(limit.Token);
        Assert.Equal("", await reader.ReadLineAsync(limit.Token));
        return line!;
    }

    /// <summary>A stream that was asked for, whose opening is the test's.</summary>
    private sealed class Asked : IAsyncDisposable
    {
        public required GatewayHost Host { get; init; }

        public required SilentTime Time { get; init; }

        public required Task<HttpResponseMessage> Response { get; init; }

        public required TaskCompletionSource<EdgeOpening> Opened { get; init; }

        public required TaskCompletionSource Cancelled { get; init; }

        public static async Task<Asked> StartAsync(bool resumable)
        {
            var time = new SilentTime();
            var host = await GatewayHost.StartAsync(services: services => services.AddSingleton<TimeProvider>(time));
            var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var opened = new TaskCompletionSource<EdgeOpening>(TaskCreationOptions.RunContinuationsAsynchronously);
            var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            host.Edge.Open = async (_, cancellationToken) =>
            {
                entered.SetResult();
                try
                {
                    return await opened.Task.WaitAsync(cancellationToken);
                }
                catch (OperationCanceledException)
                {
                    cancelled.SetResult();
                    throw;
                }
            };
            var response = host.PostAsync("/v1/chat/completions", Encoding.UTF8.GetBytes(Ask), resumable ? [(GatewayHeaders.Resumable, "1")] : []);
            await entered.Task.WaitAsync(Patience);
            return new Asked { Host = host, Time = time, Response = response, Opened = opened, Cancelled = cancelled };
        }

        public ValueTask DisposeAsync() => Host.DisposeAsync();
    }

    /// <summary>Time that passes once something waits for the end of the silence: before that, nobody would see it pass.</summary>
    private sealed class SilentTime : FakeTimeProvider
    {
        private readonly Channel<bool> _timers = Channel.CreateUnbounded<bool>();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = base.CreateTimer(callback, state, dueTime, period);
            if (dueTime == Silence) _timers.Writer.TryWrite(true);
            return timer;
        }

        public Task<bool> WaitedForAsync() => _timers.Reader.ReadAsync().AsTask().WaitAsync(Patience);

        public async Task PassAsync()
        {
            await WaitedForAsync();
            Advance(Silence);
        }
    }
}
