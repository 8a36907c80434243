using System.Net;
using Grpc.AspNetCore.Server.Model;
using Meridian.Errors;
using Meridian.Federation.Configuration;
using Meridian.Federation.Protocol;
using Meridian.Federation.Regions;
using Meridian.Messages;
using Meridian.Routing.Snapshots;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Meridian.Federation.Tests.Protocol;

/// <summary>Streams over real sockets.</summary>
public sealed class StreamLoopbackTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task A_stream_reaches_the_edge_whole_and_in_order()
    {
        InferRequest? received = null;
        TestStream? source = null;
        var region = new TestRegion("westeurope")
        {
            Opening = (request, life) =>
            {
                received = request;
                return Task.FromResult(new StreamOpening(source = TestStream.Of("westeurope", 1000, life), null));
            },
        };
        await using var eu = await RegionHost.StartAsync(region);
        await using var edge = await EdgeAsync(eu);
        var request = Sample.Generation();

        var opening = await edge.Edge.OpenAsync(request, CancellationToken.None);
        var stream = opening.Stream!;
        var tokens = new List<int>();
        StreamFrame? last = null;
        while (await stream.ReadAsync(default) is { } frame)
        {
            tokens.AddRange(frame.Groups.Single().TokenIds);
            last = frame;
        }

        await stream.DisposeAsync();
        Assert.Equal(("westeurope", 1), (opening.Region, opening.Attempts));
        Assert.Equal(Enumerable.Range(0, 1000), tokens);
        Assert.Equal((true, FinishReason.Length), (last!.End, last.Groups[0].Finish));
        Assert.Equal(("westeurope", ""), (stream.Head.Region, stream.Head.Shard));
        Assert.Equal([[1, 2]], stream.Head.PromptIds);
        Assert.Equal((request.RequestId, 1), (received!.RequestId, received.Hops));
        Assert.Equal("Once", ((GenerationInput)received.Input).Prompts.Single().Text);
        await source!.Disposed.WaitAsync(Patience);
        Assert.Equal(0, edge.InFlight.Count("westeurope"));
    }

    [Fact]
    public async Task Refusals_come_before_and_within_a_stream()
    {
        var region = new TestRegion("westeurope")
        {
            Opening = (_, _) => Task.FromResult(new StreamOpening(null, new Refusal { Code = RefusalCode.InputTooLong, Message = "600 tokens, limit 512", Param = "prompt" })),
        };
        await using var eu = await RegionHost.StartAsync(region);
        await using var edge = await EdgeAsync(eu);

        var refused = await edge.Edge.OpenAsync(Sample.Generation(), CancellationToken.None);
        region.Opening = (_, _) => throw new InvalidOperationException("secret of the region");
        var failed = await edge.Edge.OpenAsync(Sample.Generation(), CancellationToken.None);
        region.Opening = (_, life) =>
        {
            var source = new TestStream("westeurope", life);
            source.Write();
            source.Fail(new MeridianException(new Refusal { Code = RefusalCode.Deadline, Message = "too late" }));
            return Task.FromResult(new StreamOpening(source, null));
        };
        await using var stream = (await edge.Edge.OpenAsync(Sample.Generation(), CancellationToken.None)).Stream!;
        await stream.ReadAsync(default);
        var told = await Assert.ThrowsAsync<MeridianException>(() => stream.ReadAsync(default).AsTask());

        Assert.Equal((RefusalCode.InputTooLong, "600 tokens, limit 512", "prompt"), (refused.Refusal!.Code, refused.Refusal.Message, refused.Refusal.Param));
        Assert.Equal(RefusalCode.Internal, failed.Refusal!.Code);
        Assert.DoesNotContain("secret", failed.Refusal.Message, StringComparison.Ordinal);
        Assert.Equal((RefusalCode.Deadline, "too late"), (told.Refusal.Code, told.Refusal.Message));
    }

    [Fact]
    public async Task A_fault_in_mid_stream_is_told_without_its_words()
    {
        await using var eu = await RegionHost.StartAsync(Begun(out var source));
        await using var edge = await EdgeAsync(eu);
        await using var stream = (await edge.Edge.OpenAsync(Sample.Generation(), CancellationToken.None)).Stream!;
        await stream.ReadAsync(default);

        (await source.Task).Fail(new InvalidOperationException("secret of the region"));
        var fault = await Assert.ThrowsAsync<MeridianException>(() => stream.ReadAsync(default).AsTask());

        Assert.Equal(RefusalCode.Internal, fault.Refusal.Code);
        Assert.DoesNotContain("secret", fault.Refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_edge_that_gives_up_ends_the_regions_work(bool bySource)
    {
        await using var eu = await RegionHost.StartAsync(Begun(out var source));
        await using var edge = await EdgeAsync(eu);
        using var caller = new CancellationTokenSource();
        var stream = (await edge.Edge.OpenAsync(Sample.Generation(), caller.Token)).Stream!;
        await stream.ReadAsync(caller.Token);

        if (bySource)
        {
            var read = stream.ReadAsync(caller.Token).AsTask();
            await caller.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read);
        }

        await stream.DisposeAsync();
        await (await source.Task).Disposed.WaitAsync(Patience);
        Assert.Equal(0, edge.InFlight.Count("westeurope"));
    }

    [Fact]
    public async Task A_caller_who_goes_before_the_first_token_ends_the_regions_work()
    {
        var arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var region = new TestRegion("westeurope")
        {
            Opening = async (_, life) =>
            {
                await using var registration = life.Register(cancelled.SetResult);
                arrived.SetResult();
                await Task.Delay(Timeout.InfiniteTimeSpan, life);
                return default;
            },
        };
        await using var eu = await RegionHost.StartAsync(region);
        await using var edge = await EdgeAsync(eu);
        using var caller = new CancellationTokenSource();
        var open = edge.Edge.OpenAsync(Sample.Generation(), caller.Token);
        await arrived.Task.WaitAsync(Patience);

        await caller.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => open);
        await cancelled.Task.WaitAsync(Patience);
    }

    [Fact]
    public async Task An_edge_that_dies_ends_the_regions_work()
    {
        await using var eu = await RegionHost.StartAsync(Begun(out var source));
        using var transport = new GrpcRegionTransport(Options.Create(new FederationOptions()), TimeProvider.System);
        var member = new RegionMember { Name = "westeurope", Jurisdiction = "eu", Protocol = eu.Address };
        var opening = await transport.OpenAsync(member, Sample.Generation() with { Hops = 1 }, CancellationToken.None);
        Assert.NotNull(opening.Stream);

        // Its connections close without a word to the stream.
        transport.Dispose();

        await (await source.Task).Disposed.WaitAsync(Patience);
    }

    [Fact]
    public async Task Channels_that_carry_nothing_for_long_are_closed_when_others_are_opened()
    {
        await using var first = await RegionHost.StartAsync(Begun(out _));
        await using var second = await RegionHost.StartAsync(new TestRegion("eastus"));
        var time = new FakeTimeProvider();
        using var transport = new GrpcRegionTransport(Options.Create(new FederationOptions()), time);
        var (eu, us) = (new RegionMember { Name = "westeurope", Jurisdiction = "eu", Protocol = first.Address }, new RegionMember { Name = "eastus", Jurisdiction = "us", Protocol = second.Address });
        var stream = (await transport.OpenAsync(eu, Sample.Generation() with { Hops = 1 }, CancellationToken.None)).Stream!;
        await transport.InferAsync(eu, Sample.Request() with { Hops = 1 }, CancellationToken.None);
        Assert.Equal(2, transport.Count);

        // The stream runs on over a channel that nobody else uses.
        time.Advance(GrpcRegionTransport.IdleAfter);
        await transport.InferAsync(us, Sample.Request() with { Hops = 1 }, CancellationToken.None);
        Assert.Equal(2, transport.Count);
        Assert.NotNull(await stream.ReadAsync(default));
        await stream.DisposeAsync();

        time.Advance(GrpcRegionTransport.IdleAfter);
        await transport.InferAsync(eu, Sample.Request() with { Hops = 1 }, CancellationToken.None);
        Assert.Equal(1, transport.Count);
    }

    [Fact]
    public async Task A_region_that_dies_ends_the_waiting_read()
    {
        var eu = await RegionHost.StartAsync(Begun(out _));
        await using var edge = await EdgeAsync(eu);
        await using var stream = (await edge.Edge.OpenAsync(Sample.Generation(), CancellationToken.None)).Stream!;
        await stream.ReadAsync(default);
        var read = stream.ReadAsync(default).AsTask();

        await eu.KillAsync();
        var lost = await Assert.ThrowsAsync<MeridianException>(() => read.WaitAsync(Patience));

        Assert.Equal(RefusalCode.RegionLost, lost.Refusal.Code);
        Assert.Contains("after 1 tokens", lost.Refusal.Message, StringComparison.Ordinal);
        await eu.DisposeAsync();
    }

    [Fact]
    public async Task A_region_that_stops_lets_streams_run_on_and_then_says_that_it_is_lost()
    {
        var region = Begun(out var source);
        var time = new FakeTimeProvider();
        var drain = TimeSpan.FromSeconds(3);
        var eu = await RegionHost.StartAsync(region, configure: o => o.StreamDrain = drain, time: time);
        await using var edge = await EdgeAsync(eu);
        await using var stream = (await edge.Edge.OpenAsync(Sample.Generation(), CancellationToken.None)).Stream!;
        await stream.ReadAsync(default);

        var stop = eu.StopAsync();
        (await source.Task).Write();
        Assert.Equal(2, (await stream.ReadAsync(default))!.Next);
        var read = stream.ReadAsync(default).AsTask();
        time.Advance(drain);
        var lost = await Assert.ThrowsAsync<MeridianException>(() => read.WaitAsync(Patience));

        Assert.Equal(RefusalCode.RegionLost, lost.Refusal.Code);
        await (await source.Task).Disposed.WaitAsync(Patience);
        await stop.WaitAsync(Patience);
        await eu.DisposeAsync();
    }

    [Fact]
    public async Task A_slow_edge_holds_the_stream_up_and_loses_nothing()
    {
        await using var eu = await RegionHost.StartAsync(Begun(out var source));
        await using var edge = await EdgeAsync(eu);
        await using var stream = (await edge.Edge.OpenAsync(Sample.Generation(), CancellationToken.None)).Stream!;
        var written = await source.Task;
        var text = new string('x', 16 * 1024);
        const int Frames = 200;
        for (var i = 1; i < Frames; i++) written.Write(end: i == Frames - 1, text);

        // Three megabytes are there to be pushed and nobody reads: however much time passes, the region takes no more of them than window and buffers hold.
        for (var i = 0; i < 100; i++) await edge.Edge.InferAsync(Sample.Request(), CancellationToken.None);
        Assert.InRange(Frames - written.Unread, 1, 30);

        var next = 0L;
        while (await stream.ReadAsync(default) is { } frame)
        {
            Assert.Equal(next, frame.Offset);
            next = frame.Next;
        }

        Assert.Equal(Frames, next);
    }

    [Fact]
    public async Task Many_streams_at_once_share_the_region()
    {
        var region = new TestRegion("westeurope") { Opening = (_, life) => Task.FromResult(new StreamOpening(TestStream.Of("westeurope", 20, life), null)) };
        await using var eu = await RegionHost.StartAsync(region);
        await using var edge = await EdgeAsync(eu);

        var tokens = await Task.WhenAll(Enumerable.Range(0, 200).Select(async _ =>
        {
            await using var stream = (await edge.Edge.OpenAsync(Sample.Generation(), CancellationToken.None)).Stream!;
            long last = 0;
            while (await stream.ReadAsync(default) is { } frame) last = frame.Next;
            return last;
        }));

        Assert.All(tokens, t => Assert.Equal(20, t));
        Assert.Equal(0, edge.InFlight.Count("westeurope"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_region_of_a_version_without_streams_is_not_ready_for_them(bool knowsTheService)
    {
        await using var old = await OldRegionAsync(knowsTheService);
        using var transport = new GrpcRegionTransport(Options.Create(new FederationOptions()), TimeProvider.System);

        var opening = await transport.OpenAsync(new RegionMember { Name = "eastus", Jurisdiction = "us", Protocol = new Uri(old.Urls.Single()) }, Sample.Generation(), CancellationToken.None);

        Assert.Equal(RefusalCode.NotReady, opening.Refusal!.Code);
        Assert.Contains("eastus", opening.Refusal.Message, StringComparison.Ordinal);
    }

    /// <summary>A server that knows Infer, or nothing at all.</summary>
    private static async Task<WebApplication> OldRegionAsync(bool knowsTheService)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc();
        builder.Services.AddSingleton<OldService>();
        builder.Services.AddSingleton<IServiceMethodProvider<OldService>, OldMethods>();
        var app = builder.Build();
        if (knowsTheService) app.MapGrpcService<OldService>();
        await app.StartAsync();
        return app;
    }

    private static TestRegion Begun(out TaskCompletionSource<TestStream> source)
    {
        var opened = source = new TaskCompletionSource<TestStream>(TaskCreationOptions.RunContinuationsAsynchronously);
        return new TestRegion("westeurope")
        {
            Opening = (_, life) =>
            {
                var stream = new TestStream("westeurope", life);
                stream.Write();
                opened.TrySetResult(stream);
                return Task.FromResult(new StreamOpening(stream, null));
            },
        };
    }

    private static async Task<EdgeHost> EdgeAsync(RegionHost region)
    {
        var edge = await EdgeHost.StartAsync(o =>
        {
            LoopbackTests.Members(o, region);
            o.WaitForRegion = TimeSpan.Zero;
        });
        await edge.UntilAsync("westeurope", RegionHealth.Alive);
        return edge;
    }

    private sealed class OldService
    {
        public Func<InferRequest, Task<InferReply>> Answer { get; } = static request => Task.FromResult(Sample.Result("eastus", request));
    }

    private sealed class OldMethods : IServiceMethodProvider<OldService>
    {
        public void OnServiceMethodDiscovery(ServiceMethodProviderContext<OldService> context) =>
            context.AddUnaryMethod(RegionProtocol.Infer, [], static (service, request, _) => service.Answer(request));
    }
}
