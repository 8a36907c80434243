using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Meridian.Federation.Edge;
using Meridian.Gateway.Http;
using Meridian.Gateway.OpenAi.Completions;
using Meridian.Gateway.OpenAi.Generation.Resumption;
using Meridian.Gateway.Tests.Hosting;
using Meridian.Messages;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using static Meridian.Gateway.Tests.Generation.Resumption.ResumableCalls;

namespace Meridian.Gateway.Tests.Generation.Resumption;

/// <summary>Who may go on with an answer, and what remains of requests that come at once, late or from the past.</summary>
public sealed class ResumptionTests
{
    private const string Path = "/v1/completions";
    private const string Body = """{"model":"story","prompt":"x","stream":true}""";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Requests_that_come_back_at_once_share_one_stream_and_leave_none()
    {
        var time = new FakeTimeProvider();
        await using var host = await StartAsync();
        await using var other = await GatewayHost.StartAsync(options => options.ResumeKey = Key, services => services.AddSingleton<TimeProvider>(time));
        var events = await ReadAsync(await PostAsync(host, Path, Body), 3);
        List<ScriptedStream> opened = [];
        var open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        other.Edge.Open = async (request, cancellationToken) =>
        {
            await open.Task.WaitAsync(cancellationToken);
            var input = (GenerationInput)request.Input;
            var stream = new ScriptedStream();
            lock (opened)
                opened.Add(stream);
            return new EdgeOpening(input.Resume is { } resume ? stream.Then(Several(resume[0].TokenIds.Length, 1)) : stream.End(Several(0, input.MaxTokens!.Value)), null, "eastus", 1);
        };

        var calls = Enumerable.Range(0, 6).Select(_ => PostAsync(other, Path, Body, events[^1].Id)).ToArray();
        open.SetResult();
        var cut = 0;
        foreach (var call in calls)
        {
            // One of them reads on; it has taken over from the others, whose connections were cut.
            try
            {
                using var response = await call.WaitAsync(Patience);
                Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            }
            catch (HttpRequestException)
            {
                cut++;
            }
        }

        var streams = other.App.Services.GetRequiredService<ResumableStreams>();
        Assert.InRange(cut, 0, calls.Length - 1);
        Assert.Empty(other.Log.Entries);
        Assert.Equal(2, opened.Count);
        Assert.Equal(1, streams.Count);
        await DrainAsync(time, streams);
        foreach (var stream in opened)
            await stream.Disposed.WaitAsync(Patience);
    }

    [Theory]
    [InlineData("""{"model":"story","prompt":"y","stream":true}""")]
    [InlineData("""{"model":"story","prompt":"x","stream":true,"seed":7}""")]
    [InlineData("""{"model":"story","prompt":"x","stream":true,"max_tokens":5}""")]
    [InlineData("""{"model":"story","prompt":"x","stream":true,"stream_options":{"include_usage":true}}""")]
    public async Task Another_request_does_not_get_the_answer(string another)
    {
        await using var host = await StartAsync();
        await using var other = await StartAsync();
        var events = await ReadAsync(await PostAsync(host, Path, Body), 3);

        foreach (var edge in new[] { host, other })
        {
            using var response = await PostAsync(edge, Path, another, events[^1].Id);
            await response.ErrorAsync(409, "cannot_resume", GatewayHeaders.LastEventId);
        }

        Assert.NotEmpty(await ReadAsync(await PostAsync(host, Path, """{ "stream": true, "prompt": "x", "model": "story" }""", events[^1].Id)));
    }

    [Fact]
    public async Task An_id_that_was_changed_or_is_of_another_installation_is_not_taken()
    {
        await using var host = await StartAsync();
        await using var stranger = await StartAsync(options => options.ResumeKey = null);
        var id = (await ReadAsync(await PostAsync(host, Path, Body), 2))[^1].Id;
        var changed = Resigned(stranger, id, "4");

        using var forged = await PostAsync(host, Path, Body, changed);
        await forged.ErrorAsync(409, "cannot_resume", GatewayHeaders.LastEventId);
        using var elsewhere = await PostAsync(stranger, Path, Body, id);
        await elsewhere.ErrorAsync(409, "cannot_resume", GatewayHeaders.LastEventId);
        var own = await ReadAsync(await PostAsync(stranger, Path, Body), 2);
        Assert.NotEmpty(await ReadAsync(await PostAsync(stranger, Path, Body, own[^1].Id)));
    }

    [Fact]
    public async Task A_callers_answer_is_another_tenants_secret()
    {
        await using var host = await StartAsync(options => options.TrustTenantHeader = true);
        Task<HttpResponseMessage> Ask(string tenant, string? last) => host.PostAsync(
            Path, Encoding.UTF8.GetBytes(Body), (GatewayHeaders.Tenant, tenant), last is null ? (GatewayHeaders.Resumable, "1") : (GatewayHeaders.LastEventId, last));
        var events = await ReadAsync(await Ask("a", null), 3);

        using var response = await Ask("b", events[^1].Id);

        await response.ErrorAsync(409, "cannot_resume", GatewayHeaders.LastEventId);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task An_older_position_is_computed_again_where_the_stream_begins_later(int choices)
    {
        await using var host = await StartAsync();
        await using var other = await StartAsync();
        var body = $$"""{"model":"story","prompt":"x","stream":true,"n":{{choices}},"seed":3}""";
        var all = await ReadAsync(await PostAsync(host, Path, body));

        // Later, then earlier, then later again.
        foreach (var cut in new[] { all.Count - 4, 2, all.Count / 2, 1, all.Count - 3 })
        {
            var rest = await ReadAsync(await PostAsync(other, Path, body, all[cut - 1].Id), 2);
            Assert.DoesNotContain("error", rest[0].Data, StringComparison.Ordinal);
        }

        var last = await ReadAsync(await PostAsync(other, Path, body, all[0].Id));
        for (var choice = 0; choice < choices; choice++)
            Assert.Equal(Text(all, choice), Text([all[0], .. last], choice));
        Assert.Empty(other.Log.Entries);
    }

    [Fact]
    public async Task Whoever_stops_reading_is_no_fault_and_finds_the_stream_again()
    {
        await using var host = await StartAsync();
        var script = new ScriptedStream().Then(Group(0, "a"));
        host.Edge.Script(script);

        // The server says that nobody reads before it cancels anything.
        var context = new DefaultHttpContext { RequestServices = host.App.Services, TraceIdentifier = "x" };
        context.Features.Set<Microsoft.AspNetCore.Http.Features.IHttpResponseBodyFeature>(new ClosedBody());
        context.Request.Headers[GatewayHeaders.Resumable] = "1";
        context.Request.Body = new MemoryStream(Encoding.UTF8.GetBytes(Body));
        await host.App.Services.GetRequiredService<CompletionsEndpoint>().HandleAsync(context).WaitAsync(Patience);

        Assert.Empty(host.Log.Entries);
        Assert.False(script.Disposed.IsCompleted);
        Assert.Equal(1, host.App.Services.GetRequiredService<ResumableStreams>().Count);
    }

    [Fact]
    public async Task There_are_never_more_streams_than_places()
    {
        await using var host = await StartAsync(options => options.MaxResumableStreams = 1);
        var entered = new SemaphoreSlim(0);
        var open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        host.Edge.Open = async (request, cancellationToken) =>
        {
            entered.Release();
            await open.Task.WaitAsync(cancellationToken);
            return new EdgeOpening(new PositionedStory((GenerationInput)request.Input), null, "eastus", 1);
        };
        var first = PostAsync(host, Path, Body);
        Assert.True(await entered.WaitAsync(Patience));
        var second = PostAsync(host, Path, Body);
        Assert.True(await entered.WaitAsync(Patience));
        open.SetResult();

        Assert.Equal("1", (await first).Header(GatewayHeaders.Resumable));
        Assert.Equal("0", (await second).Header(GatewayHeaders.Resumable));
        Assert.Equal(HttpStatusCode.OK, (await second).StatusCode);
    }

    [Fact]
    public async Task A_tenant_with_many_streams_leaves_places_to_the_others()
    {
        var time = new FakeTimeProvider();
        await using var host = await GatewayHost.StartAsync(
            options =>
            {
                options.TrustTenantHeader = true;
                options.MaxResumableStreamsPerTenant = 2;
            },
            services => services.AddSingleton<TimeProvider>(time));
        host.Edge.Open = (request, _) => Task.FromResult(new EdgeOpening(new PositionedStory((GenerationInput)request.Input), null, "eastus", 1));
        async Task<string> Ask(string tenant)
        {
            using var response = await host.PostAsync(Path, Encoding.UTF8.GetBytes(Body), (GatewayHeaders.Tenant, tenant), (GatewayHeaders.Resumable, "1"));
            await response.Content.ReadAsStringAsync();
            return response.Header(GatewayHeaders.Resumable);
        }

        Assert.Equal(["1", "1", "0", "1"], [await Ask("a"), await Ask("a"), await Ask("a"), await Ask("b")]);
        await DrainAsync(time, host.App.Services.GetRequiredService<ResumableStreams>());
        Assert.Equal("1", await Ask("a"));
    }

    private static string Text(List<Event> events, int choice) => string.Concat(events
        .Where(e => e.Data.StartsWith('{'))
        .SelectMany(e => JsonNode.Parse(e.Data)!["choices"]!.AsArray())
        .Where(part => (int)part!["index"]! == choice)
        .Select(part => (string)part!["text"]!));

    private static TokenGroup Several(int position, int count) => new()
    {
        Choice = 0,
        Position = position,
        TokenIds = [.. Enumerable.Range(position, count)],
        Text = "t",
        Finish = null,
    };

    /// <summary>Lets the time pass in which callers may come back; they may still be on their way out.</summary>
    private static async Task DrainAsync(FakeTimeProvider time, ResumableStreams streams)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (streams.Count > 0)
        {
            patience.Token.ThrowIfCancellationRequested();
            time.Advance(TimeSpan.FromSeconds(30));
            await Task.Yield();
        }
    }

    private sealed class ClosedBody : Microsoft.AspNetCore.Http.Features.IHttpResponseBodyFeature
    {
        public Stream Stream => Writer.AsStream();

        public System.IO.Pipelines.PipeWriter Writer { get; } = new ClosedPipe();

        public Task CompleteAsync() => Task.CompletedTask;

        public void DisableBuffering()
        {
        }

        public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public Task StartAsync(CancellationToken cancellationToken = default) => Task.CompletedTask;
    }

    private sealed class ClosedPipe : System.IO.Pipelines.PipeWriter
    {
        private readonly byte[] _buffer = new byte[1 << 16];

        public override void Advance(int bytes)
        {
        }

        public override Memory<byte> GetMemory(int sizeHint = 0) => _buffer;

        public override Span<byte> GetSpan(int sizeHint = 0) => _buffer;

        public override ValueTask<System.IO.Pipelines.FlushResult> FlushAsync(CancellationToken cancellationToken = default) => new(new System.IO.Pipelines.FlushResult(isCanceled: false, isCompleted: true));

        public override void CancelPendingFlush()
        {
        }

        public override void Complete(Exception? exception = null)
        {
        }
    }
}
