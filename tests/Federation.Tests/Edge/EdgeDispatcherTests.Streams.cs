using System.Collections.Concurrent;
using CsCheck;
using Grpc.Core;
using Meridian.Errors;
using Meridian.Federation.Edge;
using Meridian.Federation.Regions;
using Meridian.Messages;
using Meridian.Routing.Snapshots;

namespace Meridian.Federation.Tests.Edge;

/// <summary>Streams: failover before the first frame, and every way they end after it.</summary>
public sealed partial class EdgeDispatcherTests
{
    private readonly ConcurrentDictionary<string, Func<InferRequest, CancellationToken, Task<StreamOpening>>> _streams = new();

    Task<StreamOpening> IRegionTransport.OpenAsync(RegionMember region, InferRequest request, CancellationToken cancellationToken)
    {
        _sent.Enqueue((region.Name, request));
        return _streams.TryGetValue(region.Name, out var open) ? open(request, cancellationToken) : Task.FromResult(new StreamOpening(new TestStream(region.Name, request, cancellationToken).With(3), null));
    }

    [Fact]
    public async Task A_stream_is_read_to_its_end_and_gives_everything_back_once()
    {
        TestStream? stream = null;
        _streams["eastus"] = (_, life) => Task.FromResult(new StreamOpening(stream = TestStream.Of("eastus", 5, life), null));

        var opening = await OpenAsync();
        Assert.Equal(("eastus", 1, null), (opening.Region, opening.Attempts, opening.Refusal));
        Assert.Equal(1, _inFlight.Count("eastus"));
        var frames = await ReadAllAsync(opening.Stream!);

        Assert.Equal([1L, 2, 3, 4, 5], frames.Select(f => f.Next));
        Assert.Equal(1, _inFlight.Count("eastus"));
        await opening.Stream!.DisposeAsync();
        await opening.Stream.DisposeAsync();
        Assert.Equal(1, stream!.Disposals);
        AssertNothingInFlight();
        Assert.Empty(_reports);
    }

    [Theory]
    [InlineData(RefusalCode.NoCapacity)]
    [InlineData(RefusalCode.NotReady)]
    [InlineData(RefusalCode.RegionLost)]
    [InlineData(RefusalCode.Cancelled)]
    public async Task A_region_that_cannot_open_is_left_for_the_next(RefusalCode code)
    {
        _streams["eastus"] = (_, _) => Task.FromResult(new StreamOpening(null, new Refusal { Code = code, Message = "not here" }));

        await using var stream = (await OpenAsync()).Stream!;

        Assert.Equal("westeurope", stream.Head.Region);
        Assert.Equal((0, 1), (_inFlight.Count("eastus"), _inFlight.Count("westeurope")));
        Assert.Equal([3, 2], _sent.Select(s => s.Request.AttemptsLeft));
    }

    [Fact]
    public async Task A_region_that_is_lost_before_the_first_frame_is_left_at_once()
    {
        var arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _streams["eastus"] = async (_, life) =>
        {
            var hang = Task.Delay(Timeout.InfiniteTimeSpan, life);
            arrived.SetResult();
            await hang;
            return default;
        };
        var open = OpenAsync();
        await arrived.Task;

        _directory.Die("eastus");
        var opening = await open;

        Assert.Equal(("westeurope", 2), (opening.Region, opening.Attempts));
        await opening.Stream!.DisposeAsync();
        Assert.Empty(_reports);
        AssertNothingInFlight();
    }

    [Fact]
    public async Task A_stream_whose_region_is_lost_as_it_opens_is_left_for_the_next()
    {
        var stillborn = new TestStream("eastus");
        stillborn.Write();
        _streams["eastus"] = (_, _) =>
        {
            _directory.Die("eastus");
            return Task.FromResult(new StreamOpening(stillborn, null));
        };

        var opening = await OpenAsync();

        Assert.Equal(("westeurope", 2), (opening.Region, opening.Attempts));
        Assert.Equal(1, stillborn.Disposals);
        Assert.Equal((0, 1), (_inFlight.Count("eastus"), _inFlight.Count("westeurope")));
        await opening.Stream!.DisposeAsync();
        AssertNothingInFlight();
    }

    [Fact]
    public async Task An_input_too_large_between_regions_blames_no_field()
    {
        _streams["eastus"] = (_, _) => throw new RpcException(new Status(StatusCode.ResourceExhausted, "too large"));

        var opening = await OpenAsync();

        Assert.Equal((RefusalCode.InvalidInput, null, 1), (opening.Refusal!.Code, opening.Refusal.Param, opening.Attempts));
    }

    [Fact]
    public async Task What_no_region_would_open_is_the_answer()
    {
        _streams["eastus"] = (_, _) => Task.FromResult(new StreamOpening(null, new Refusal { Code = RefusalCode.InputTooLong, Message = "no", Param = "prompt" }));

        var opening = await OpenAsync();

        Assert.Null(opening.Stream);
        Assert.Equal((RefusalCode.InputTooLong, "prompt", "eastus", 1), (opening.Refusal!.Code, opening.Refusal.Param, opening.Region, opening.Attempts));
        AssertNothingInFlight();
    }

    [Fact]
    public async Task What_the_region_says_in_mid_stream_is_told_as_it_is()
    {
        var source = new TestStream("eastus");
        source.Write();
        _streams["eastus"] = (_, _) => Task.FromResult(new StreamOpening(source, null));
        await using var stream = (await OpenAsync()).Stream!;
        await stream.ReadAsync(default);

        source.Fail(new MeridianException(new Refusal { Code = RefusalCode.Internal, Message = "the model broke" }));
        var told = await Assert.ThrowsAsync<MeridianException>(() => stream.ReadAsync(default).AsTask());

        Assert.Equal((RefusalCode.Internal, "the model broke"), (told.Refusal.Code, told.Refusal.Message));
        Assert.Empty(_reports);
    }

    [Fact]
    public async Task The_deadline_covers_the_whole_stream()
    {
        await using var stream = (await OpenWithAsync("eastus", 1, Sample.Generation(remainingMs: 1000))).Stream!;
        await stream.ReadAsync(default);
        var read = stream.ReadAsync(default).AsTask();

        _time.Advance(TimeSpan.FromMilliseconds(1000));
        var late = await Assert.ThrowsAsync<MeridianException>(() => read);

        Assert.Equal(RefusalCode.Deadline, late.Refusal.Code);
        Assert.Contains("1000 ms passed after 1 tokens", late.Refusal.Message, StringComparison.Ordinal);
        Assert.Empty(_reports);
    }

    [Fact]
    public async Task A_caller_who_goes_ends_the_stream_at_the_region()
    {
        using var caller = new CancellationTokenSource();
        CancellationToken life = default;
        _streams["eastus"] = (_, token) =>
        {
            life = token;
            return Task.FromResult(new StreamOpening(Begun("eastus", 1, token), null));
        };
        var stream = (await Dispatcher().OpenAsync(Sample.Generation(), caller.Token)).Stream!;
        await stream.ReadAsync(caller.Token);
        var read = stream.ReadAsync(caller.Token).AsTask();

        await caller.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read);
        Assert.True(life.IsCancellationRequested);
        await stream.DisposeAsync();
        AssertNothingInFlight();
    }

    [Fact]
    public async Task A_read_can_be_given_up_without_the_stream()
    {
        var source = new TestStream("eastus");
        source.Write();
        _streams["eastus"] = (_, _) => Task.FromResult(new StreamOpening(source, null));
        await using var stream = (await OpenAsync()).Stream!;
        await stream.ReadAsync(default);
        using var reader = new CancellationTokenSource();
        var read = stream.ReadAsync(reader.Token).AsTask();

        await reader.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read);
        source.Write(end: true);

        Assert.Equal((1, 2, true), ((await stream.ReadAsync(default)) is { } f ? ((int)f.Offset, (int)f.Next, f.End) : default));
        Assert.Null(await stream.ReadAsync(default));
    }

    [Fact]
    public async Task Tokens_out_of_order_end_the_stream()
    {
        var source = new TestStream("eastus");
        source.Write();
        _streams["eastus"] = (_, _) => Task.FromResult(new StreamOpening(new Jump(source), null));
        await using var stream = (await OpenAsync()).Stream!;

        var lost = await Assert.ThrowsAsync<MeridianException>(() => stream.ReadAsync(default).AsTask());

        Assert.Equal(RefusalCode.RegionLost, lost.Refusal.Code);
    }

    [Fact]
    public async Task A_region_that_nothing_was_heard_of_has_a_limit_for_its_first_frame_alone()
    {
        _options.WaitForRegion = TimeSpan.FromSeconds(2);
        foreach (var region in new[] { "eastus", "westeurope", "southeastasia" })
            _directory.Die(region);
        var open = OpenAsync(Sample.Generation(remainingMs: 10_000));
        await _directory.Awaited.Task;
        _streams["eastus"] = _streams["westeurope"] = _streams["southeastasia"] = (_, life) => Task.FromResult(new StreamOpening(Begun("eastus", 1, life), null));
        _time.Advance(TimeSpan.FromSeconds(2));
        await using var stream = (await open).Stream!;
        Assert.Equal(8000, Assert.Single(_sent).Request.RemainingMs);
        await stream.ReadAsync(default);
        var read = stream.ReadAsync(default).AsTask();

        _time.Advance(TimeSpan.FromSeconds(7));
        Assert.False(read.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(RefusalCode.Deadline, (await Assert.ThrowsAsync<MeridianException>(() => read)).Refusal.Code);
    }

    [Fact]
    public async Task Whatever_ends_a_stream_nothing_stays_in_flight() =>
        await Gen.Int[0, 6].Array[3].SampleAsync(
            async behaviours =>
            {
                var test = new EdgeDispatcherTests();
                test._options.WaitForRegion = TimeSpan.Zero;
                var opened = new ConcurrentQueue<TestStream>();
                var names = new[] { "eastus", "westeurope", "southeastasia" };
                for (var i = 0; i < names.Length; i++)
                {
                    var name = names[i];
                    test._streams[name] = behaviours[i] switch
                    {
                        0 => (request, life) => Opened(new TestStream(name, request, life).With(3)),
                        1 => (_, _) => throw Refused(),
                        2 => (_, _) => Task.FromResult(new StreamOpening(null, new Refusal { Code = RefusalCode.NoCapacity, Message = "full" })),
                        3 => (_, _) => Task.FromResult(new StreamOpening(null, new Refusal { Code = RefusalCode.InvalidInput, Message = "wrong" })),
                        4 => (request, life) =>
                        {
                            var stream = Some(name, request, life);
                            stream.Fail(Broken());
                            return Opened(stream);
                        }
                        ,
                        5 => (request, life) =>
                        {
                            var stream = Some(name, request, life);
                            test._directory.Die(name);

                            // As the last resort it may be asked again, when nothing of it is linked to its loss.
                            stream.Fail(Broken());
                            return Opened(stream);
                        }
                        ,
                        _ => (_, _) => Task.FromResult(default(StreamOpening)),
                    };
                }

                var opening = await test.OpenAsync();
                if (opening.Stream is { } read)
                {
                    try
                    {
                        while (await read.ReadAsync(default) is not null)
                        {
                        }
                    }
                    catch (MeridianException e)
                    {
                        Assert.Contains(e.Refusal.Code, new[] { RefusalCode.RegionLost, RefusalCode.NoCapacity });
                        Assert.Contains(" tokens of request ", e.Refusal.Message, StringComparison.Ordinal);
                    }

                    await read.DisposeAsync();
                }
                else
                {
                    Assert.NotNull(opening.Refusal);
                }

                test.AssertNothingInFlight();
                Assert.All(opened, s => Assert.Equal(1, s.Disposals));
                Assert.InRange(test._sent.Count, opening.Attempts, 30);

                // A token, the last where a stream that is lost again and again has come so far.
                static TestStream Some(string name, InferRequest request, CancellationToken life)
                {
                    var stream = new TestStream(name, request, life);
                    stream.Write(end: request.Input is GenerationInput { Resume: [{ TokenIds.Length: >= 5 }] });
                    return stream;
                }

                Task<StreamOpening> Opened(TestStream stream)
                {
                    opened.Enqueue(stream);
                    return Task.FromResult(new StreamOpening(stream, null));
                }
            },
            iter: 300);

    private Task<EdgeOpening> OpenAsync(InferRequest? request = null) => Dispatcher().OpenAsync(request ?? Sample.Generation(), CancellationToken.None);

    /// <summary>A stream that has so many tokens and then waits.</summary>
    private Task<EdgeOpening> OpenWithAsync(string region, int tokens, InferRequest? request = null)
    {
        _streams[region] = (_, life) => Task.FromResult(new StreamOpening(Begun(region, tokens, life), null));
        return OpenAsync(request);
    }

    private static TestStream Begun(string region, int tokens, CancellationToken life)
    {
        var stream = new TestStream(region, life);
        for (var i = 0; i < tokens; i++) stream.Write();
        return stream;
    }

    private static async Task<List<StreamFrame>> ReadAllAsync(IRegionStream stream)
    {
        var frames = new List<StreamFrame>();
        while (await stream.ReadAsync(default) is { } frame) frames.Add(frame);
        return frames;
    }

    /// <summary>Leaves a token out.</summary>
    private sealed class Jump(TestStream stream) : IRegionStream
    {
        public StreamHead Head => stream.Head;

        public async ValueTask<StreamFrame?> ReadAsync(CancellationToken cancellationToken) =>
            await stream.ReadAsync(cancellationToken) is { } frame ? frame with { Offset = frame.Offset + 1, Next = frame.Next + 1 } : null;

        public ValueTask DisposeAsync() => stream.DisposeAsync();
    }
}
