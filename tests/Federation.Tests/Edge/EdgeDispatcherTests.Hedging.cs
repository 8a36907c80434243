using System.Diagnostics.Metrics;
using Meridian.Messages;

namespace Meridian.Federation.Tests.Edge;

/// <summary>Requests that a second region gets because the first is slow.</summary>
public sealed partial class EdgeDispatcherTests
{
    /// <summary>Time that requests have, ms: no matter how often the clock is moved until a timer has been set, their deadline does not pass.</summary>
    private const int LongMs = 86_400_000;

    [Fact]
    public async Task A_slow_region_is_overtaken_by_the_next_and_cancelled()
    {
        Hedge(50);
        var arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _regions["eastus"] = Hang(arrived, cancelled);
        using var outcomes = new HedgeOutcomes();
        var infer = InferAsync(Sample.Request(remainingMs: LongMs));
        await arrived.Task;
        Assert.Single(_sent);

        await PassAsync(infer);
        var answer = await infer;

        Assert.Equal(("westeurope", 2), (answer.Region, answer.Attempts));
        await cancelled.Task;
        Assert.Contains("won", outcomes.Seen);
        Assert.Empty(_reports);
        Assert.Equal([3, 2], _sent.Select(s => s.Request.AttemptsLeft));
        await UntilNothingInFlightAsync();
    }

    [Fact]
    public async Task An_answer_in_time_is_not_hedged()
    {
        Hedge(50);

        var answer = await InferAsync(Sample.Request(remainingMs: LongMs));

        Assert.Equal(("eastus", 1), (answer.Region, answer.Attempts));
        Assert.Single(_sent);
        AssertNothingInFlight();
    }

    [Fact]
    public async Task The_first_regions_answer_counts_where_the_second_refuses()
    {
        Hedge(50);
        var (arrived, answer) = Held("eastus");
        _regions["westeurope"] = (_, _) => Task.FromResult(InferReply.Refuse(RefusalCode.InvalidInput, "wrong"));
        var infer = InferAsync(Sample.Request(remainingMs: LongMs));
        await arrived.Task;
        await PassAsync(_sent, 2);
        Assert.False(infer.IsCompleted);

        answer.SetResult();

        Assert.Equal("eastus", (await infer).Region);
        await UntilNothingInFlightAsync();
    }

    [Fact]
    public async Task The_seconds_answer_counts_where_the_first_refuses_meanwhile()
    {
        Hedge(50);
        var first = new TaskCompletionSource<InferReply>(TaskCreationOptions.RunContinuationsAsynchronously);
        var arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _regions["eastus"] = (_, _) =>
        {
            arrived.SetResult();
            return first.Task;
        };
        var (second, answer) = Held("westeurope");
        var infer = InferAsync(Sample.Request(remainingMs: LongMs));
        await arrived.Task;
        await PassAsync(_sent, 2);
        await second.Task;

        first.SetResult(InferReply.Refuse(RefusalCode.InvalidInput, "wrong"));
        Assert.False(infer.IsCompleted);
        answer.SetResult();

        Assert.Equal("westeurope", (await infer).Region);
        await UntilNothingInFlightAsync();
    }

    [Fact]
    public async Task A_hedge_stays_where_the_data_may_go()
    {
        Hedge(50);
        var (arrived, answer) = Held("westeurope");
        var infer = InferAsync(Sample.Request(residency: ["eu"], remainingMs: LongMs));
        await arrived.Task;
        using var outcomes = new HedgeOutcomes();

        while (outcomes.Seen.Length == 0)
        {
            _time.Advance(TimeSpan.FromMilliseconds(10));
            await Task.Yield();
        }

        answer.SetResult();
        Assert.Equal("westeurope", (await infer).Region);
        Assert.All(_sent, s => Assert.Equal("westeurope", s.Region));
    }

    [Fact]
    public async Task A_hedge_counts_toward_the_budget()
    {
        _options.Attempts = 1;
        Hedge(50);
        var (arrived, answer) = Held("eastus");
        using var outcomes = new HedgeOutcomes();
        var infer = InferAsync(Sample.Request(remainingMs: LongMs));
        await arrived.Task;
        while (outcomes.Seen.Length == 0)
        {
            _time.Advance(TimeSpan.FromMilliseconds(10));
            await Task.Yield();
        }

        answer.SetResult();

        Assert.Equal(("eastus", 1), ((await infer).Region, _sent.Count));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_text_is_hedged_up_to_its_first_tokens_where_its_caller_takes_it_whole(bool whole)
    {
        Hedge(50);
        var arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var begin = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _streams["eastus"] = async (request, life) =>
        {
            arrived.SetResult();
            await begin.Task.WaitAsync(life);
            return new(new TestStream("eastus", request, life).With(3), null);
        };
        var open = Dispatcher().OpenAsync(Sample.Generation(remainingMs: LongMs), whole, CancellationToken.None);
        await arrived.Task;
        if (whole)
            await PassAsync(open);
        else
            begin.SetResult();
        var opening = await open;

        Assert.Equal(whole ? "westeurope" : "eastus", opening.Region);
        Assert.Equal(3, (await ReadAllAsync(opening.Stream!))[^1].Next);
        await opening.Stream!.DisposeAsync();
        await UntilNothingInFlightAsync();
    }

    [Fact]
    public async Task A_stream_that_breaks_in_the_region_that_won_goes_on_in_the_one_that_was_overtaken()
    {
        Hedge(50);
        var text = new ScriptedText(9);
        var arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var begin = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _streams["eastus"] = async (request, life) =>
        {
            arrived.TrySetResult();
            await begin.Task.WaitAsync(life);
            return new(new ScriptedStream(HeadOf("eastus"), text.Frames((GenerationInput)request.Input, new Random(1)), 2, () => throw Broken()), null);
        };
        var asked = 0;
        _streams["westeurope"] = async (request, life) =>
        {
            if (asked++ == 0)
                await Task.Delay(Timeout.InfiniteTimeSpan, life);
            return new(new ScriptedStream(HeadOf("westeurope"), text.Frames((GenerationInput)request.Input, new Random(1)), int.MaxValue, () => throw Broken()), null);
        };
        var open = Dispatcher().OpenAsync(Asking(text, remainingMs: LongMs), whole: true, CancellationToken.None);
        await arrived.Task;
        await PassAsync(_sent, 2);
        begin.SetResult();
        var opening = await open;
        Assert.Equal("eastus", opening.Region);

        var frames = await ReadAllAsync(opening.Stream!);

        Assert.Equal(9, frames[^1].Next);
        Assert.Equal(["eastus", "westeurope", "westeurope"], _sent.Select(s => s.Region));
        await opening.Stream!.DisposeAsync();
        await UntilNothingInFlightAsync();
    }

    [Fact]
    public async Task A_caller_who_goes_cancels_both()
    {
        Hedge(50);
        var both = new[] { "eastus", "westeurope" }.Select(name =>
        {
            var (arrived, cancelled) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
            _regions[name] = Hang(arrived, cancelled);
            return (Arrived: arrived, Cancelled: cancelled);
        }).ToArray();
        using var caller = new CancellationTokenSource();
        var infer = Dispatcher().InferAsync(Sample.Request(remainingMs: LongMs), caller.Token);
        await both[0].Arrived.Task;
        await PassAsync(both[1].Arrived.Task);

        await caller.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => infer);
        await both[0].Cancelled.Task;
        await both[1].Cancelled.Task;
        await UntilNothingInFlightAsync();
        Assert.Empty(_reports);
    }

    private void Hedge(int afterMs)
    {
        _options.Deadline = TimeSpan.FromMilliseconds(LongMs);
        _directory.Publish(_directory.Current with
        {
            Intent = _directory.Current.Intent with { Models = [.. _directory.Current.Intent.Models.Select(m => m with { HedgeAfterMs = afterMs })] },
        });
    }

    /// <summary>Makes a region answer when it is told to.</summary>
    private (TaskCompletionSource Arrived, TaskCompletionSource Answer) Held(string region)
    {
        var (arrived, answer) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        _regions[region] = async (request, token) =>
        {
            arrived.TrySetResult();
            await answer.Task.WaitAsync(token);
            return Sample.Result(region, request);
        };
        return (arrived, answer);
    }

    /// <summary>Lets the hedge's time pass, once its timer is set, until something has happened.</summary>
    private async Task PassAsync(Task until)
    {
        while (!until.IsCompleted)
        {
            _time.Advance(TimeSpan.FromMilliseconds(10));
            await Task.Yield();
        }
    }

    private async Task PassAsync(System.Collections.Concurrent.ConcurrentQueue<(string, InferRequest)> sent, int count)
    {
        while (sent.Count < count)
        {
            _time.Advance(TimeSpan.FromMilliseconds(10));
            await Task.Yield();
        }
    }

    /// <summary>What lost is given back after the answer.</summary>
    private async Task UntilNothingInFlightAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (_directory.Current.Views.Keys.Any(region => _inFlight.Count(region) != 0))
        {
            patience.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    /// <summary>Outcomes that <c>meridian.edge.hedges</c> has counted since.</summary>
    private sealed class HedgeOutcomes : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly System.Collections.Concurrent.ConcurrentQueue<string> _seen = new();

        public HedgeOutcomes()
        {
            _listener.InstrumentPublished = static (instrument, listener) =>
            {
                if (instrument.Name == "meridian.edge.hedges")
                    listener.EnableMeasurementEvents(instrument);
            };
            _listener.SetMeasurementEventCallback<long>((_, _, tags, _) =>
            {
                foreach (var (_, outcome) in tags)
                    _seen.Enqueue((string)outcome!);
            });
            _listener.Start();
        }

        public string[] Seen => [.. _seen];

        public void Dispose() => _listener.Dispose();
    }
}
