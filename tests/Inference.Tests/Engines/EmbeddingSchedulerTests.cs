using Meridian.Inference.Engines;
using Meridian.Inference.Engines.Embeddings;
using Microsoft.Extensions.Logging.Abstractions;

namespace Meridian.Inference.Tests.Engines;

public sealed class EmbeddingSchedulerTests : IAsyncDisposable
{
    private readonly GatedRunner _runner = new();
    private EmbeddingScheduler? _scheduler;

    public async ValueTask DisposeAsync()
    {
        _runner.Open(1_000_000);
        if (_scheduler is not null)
            await _scheduler.DisposeAsync();
        Assert.True(_runner.Disposed || _scheduler is null);
    }

    [Fact]
    public async Task An_idle_engine_runs_at_once_and_a_busy_one_batches()
    {
        var scheduler = Start();
        var first = Submit(scheduler, 1);
        await _runner.EnteredAsync();
        var others = Enumerable.Range(2, 5).Select(i => Submit(scheduler, (uint)i)).ToArray();
        Assert.Equal(new EngineLoad(1, 5, 64, 8), scheduler.Load);
        _runner.Open(2);
        await first;
        var outcomes = await Task.WhenAll(others);
        Assert.Equal([[1u], [2u, 3u, 4u, 5u, 6u]], _runner.Batches);
        Assert.Equal([2f, 3f, 4f, 5f, 6f], outcomes.Select(o => MiniLm.Vectors(o)[0][0]));
        Assert.All(outcomes, o => Assert.Equal((EmbeddingStatus.Done, 1, 2, 4), (o.Status, o.Rows, o.Dimensions, o.PromptTokens)));
        Assert.True(outcomes[0].QueueMs > 0);
    }

    [Fact]
    public async Task A_full_queue_refuses_whole_calls_and_says_when_to_come_back()
    {
        var scheduler = Start(new EngineOptions { QueueCapacity = 4 });
        var running = Submit(scheduler, 1);
        await _runner.EnteredAsync();
        var waiting = Submit(scheduler, 2, 3, 4);

        var refused = scheduler.Reserve(2)!;
        Assert.Equal(EmbeddingStatus.QueueFull, refused.Status);
        Assert.Contains("3 of 4 items", refused.Message, StringComparison.Ordinal);
        Assert.InRange(refused.RetryAfterMs, 1, 60_000);
        Assert.Equal(3, scheduler.Load.Queued);

        Assert.Null(scheduler.Reserve(1));
        Assert.NotNull(scheduler.Reserve(1));
        Assert.Equal(4, scheduler.Load.Queued);
        scheduler.Release(1);
        Assert.Equal(3, scheduler.Load.Queued);

        _runner.Open(2);
        await Task.WhenAll(running, waiting);
        Assert.Null(scheduler.Reserve(4));
    }

    [Fact]
    public async Task A_cancelled_call_leaves_the_queue_at_once()
    {
        var scheduler = Start(new EngineOptions { QueueCapacity = 4 });
        var running = Submit(scheduler, 1);
        await _runner.EnteredAsync();
        using var cancellation = new CancellationTokenSource();
        var cancelled = Submit(scheduler, cancellation.Token, 2, 3, 4, 5);
        Assert.NotNull(scheduler.Reserve(1));

        await cancellation.CancelAsync();
        var e = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        Assert.Equal(cancellation.Token, e.CancellationToken);
        Assert.Equal(0, scheduler.Load.Queued);

        var next = Submit(scheduler, 6);
        _runner.Open(2);
        await Task.WhenAll(running, next);
        Assert.Equal([[1u], [6u]], _runner.Batches);
    }

    [Fact]
    public async Task Cancelling_a_running_call_frees_its_caller_and_spares_the_rest_of_the_batch()
    {
        var scheduler = Start();
        var blocker = Submit(scheduler, 1);
        await _runner.EnteredAsync();
        using var cancellation = new CancellationTokenSource();
        var cancelled = Submit(scheduler, cancellation.Token, 2);
        var other = Submit(scheduler, 3);
        _runner.Open();
        await blocker;
        await _runner.EnteredAsync();
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        Assert.False(other.IsCompleted);
        _runner.Open();
        Assert.Equal(3, MiniLm.Vectors(await other)[0][0]);
        Assert.Equal([[1u], [2u, 3u]], _runner.Batches);
    }

    [Fact]
    public async Task A_token_that_fired_before_submission_gives_the_room_back()
    {
        var scheduler = Start();
        Assert.Null(scheduler.Reserve(1));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => scheduler.Submit(Call(1), new CancellationToken(true)));
        Assert.Equal(0, scheduler.Load.Queued);
        Assert.Empty(_runner.Batches);
    }

    [Fact]
    public async Task An_item_that_always_fails_ends_its_call_alone_and_31_good_ones_beside_it_are_computed()
    {
        var scheduler = Start(new EngineOptions { MaxBatch = 32 });
        _runner.Poison = 14;
        var blocker = Submit(scheduler, 100);
        await _runner.EnteredAsync();
        var calls = Enumerable.Range(1, 32).Select(i => Submit(scheduler, (uint)i)).ToArray();
        _runner.Open(1000);
        await blocker;
        var failure = await Assert.ThrowsAsync<FailedAloneException>(() => calls[13]);
        Assert.Equal("Model fake fails on input[0] of 4 tokens: the model broke", failure.Message);
        for (var i = 0; i < calls.Length; i++)
        {
            if (i != 13)
                Assert.Equal(i + 1, MiniLm.Vectors(await calls[i])[0][0]);
        }

        Assert.False(scheduler.Lost.IsCompleted);
        Assert.Equal((0, 0), (scheduler.Load.InFlight, scheduler.Load.Queued));
        Assert.Equal(50, MiniLm.Vectors(await Submit(scheduler, 50))[0][0]);
    }

    [Fact]
    public async Task A_call_one_of_whose_items_fails_leaves_the_queue()
    {
        var scheduler = Start(new EngineOptions { MaxBatch = 2 });
        _runner.Poison = 2;
        _runner.Open(1000);
        await Assert.ThrowsAsync<FailedAloneException>(() => Submit(scheduler, 1, 2, 3, 4));
        Assert.Equal(0, scheduler.Load.Queued);
        await Submit(scheduler, 5);
    }

    [Fact]
    public async Task Where_every_item_fails_the_engine_is_lost_and_its_callers_ask_another()
    {
        var scheduler = Start(new EngineOptions { MaxBatch = 2 });
        _runner.Failure = new InvalidOperationException("the model broke");
        var running = Submit(scheduler, 1, 2, 3, 4);
        await _runner.EnteredAsync();
        var waiting = Submit(scheduler, 5);
        _runner.Open(1000);
        await Assert.ThrowsAsync<EngineStoppedException>(() => running);
        await Assert.ThrowsAsync<EngineStoppedException>(() => waiting);
        Assert.Contains("the model broke", (await scheduler.Lost).Message, StringComparison.Ordinal);
        Assert.Throws<EngineStoppedException>(() => scheduler.Reserve(1));
        Assert.Equal((0, 0), (scheduler.Load.InFlight, scheduler.Load.Queued));
    }

    [Fact]
    public async Task A_model_that_computes_no_callers_item_is_lost_after_some_searches()
    {
        var scheduler = Start();
        _runner.Poison = 7;
        _runner.Open(1000);
        for (var i = 0; i < FaultStrikes.Most; i++)
            await Assert.ThrowsAsync<FailedAloneException>(() => Submit(scheduler, 7));
        await scheduler.Lost;
    }

    [Fact]
    public async Task Disposal_finishes_what_runs_and_fails_what_waits()
    {
        var scheduler = Start();
        var running = Submit(scheduler, 1);
        await _runner.EnteredAsync();
        var waiting = Submit(scheduler, 2, 3);
        Assert.Null(scheduler.Reserve(1));
        var stopped = scheduler.DisposeAsync().AsTask();
        await Assert.ThrowsAsync<EngineStoppedException>(() => waiting);
        Assert.Throws<EngineStoppedException>(() => scheduler.Reserve(1));
        await Assert.ThrowsAsync<EngineStoppedException>(() => scheduler.Submit(Call(4), CancellationToken.None));
        Assert.False(stopped.IsCompleted);
        Assert.False(_runner.Disposed);
        _runner.Open();
        Assert.Equal(EmbeddingStatus.Done, (await running).Status);
        await stopped;
        await scheduler.DisposeAsync();
        Assert.Equal([[1u]], _runner.Batches);
    }

    [Fact]
    public async Task An_idle_engine_waits_for_a_batch_to_fill_where_it_may()
    {
        // An hour: only a full batch can end the wait.
        var scheduler = Start(new EngineOptions { MaxWait = TimeSpan.FromHours(1), MaxBatch = 3 });
        _runner.Open();
        await Task.WhenAll(Submit(scheduler, 1), Submit(scheduler, 2), Submit(scheduler, 3));
        Assert.Equal([[1u, 2u, 3u]], _runner.Batches);
    }

    [Fact]
    public async Task A_call_of_one_text_does_not_wait_for_a_call_of_many()
    {
        var scheduler = Start(new EngineOptions { MaxBatch = 2 });
        var blocker = Submit(scheduler, 1);
        await _runner.EnteredAsync();
        var many = Submit(scheduler, [.. Enumerable.Range(100, 40).Select(i => (uint)i)]);
        var one = Submit(scheduler, 7);
        _runner.Open(3);
        await Task.WhenAll(blocker, one);
        Assert.False(many.IsCompleted);
        _runner.Open(20);
        await many;
        Assert.Equal(41, _runner.Batches.Skip(1).Sum(b => b.Length));
    }

    [Fact]
    public async Task Several_workers_share_a_call_of_many_items()
    {
        var second = new GatedRunner();
        var scheduler = Start(new EngineOptions { Workers = 2, MaxBatch = 1 }, second);
        var call = Submit(scheduler, 1, 2);
        await Task.WhenAll(_runner.EnteredAsync(), second.EnteredAsync());
        Assert.Equal(2, scheduler.Load.InFlight);
        _runner.Open();
        second.Open();
        Assert.Equal([1f, 2f], MiniLm.Vectors(await call).Select(v => v[0]));
    }

    [Fact]
    public async Task Callers_go_on_elsewhere_than_on_the_worker()
    {
        var scheduler = Start();
        var resumed = Submit(scheduler, 1).ContinueWith(_ => Environment.CurrentManagedThreadId, TaskContinuationOptions.ExecuteSynchronously);
        _runner.Open();
        Assert.NotEqual(_runner.ThreadId, await resumed);
    }

    private EmbeddingScheduler Start(EngineOptions? options = null, params IBatchRunner[] more)
    {
        options ??= new EngineOptions { QueueCapacity = 64 };
        return _scheduler = new EmbeddingScheduler(
            "fake", 8, options, new BatchLimits(options.MaxBatch, 256, 0.1f), [_runner, .. more], 8, TimeProvider.System, NullLogger.Instance);
    }

    private static Task<EmbeddingOutcome> Submit(EmbeddingScheduler scheduler, params uint[] ids) => Submit(scheduler, CancellationToken.None, ids);

    private static Task<EmbeddingOutcome> Submit(EmbeddingScheduler scheduler, CancellationToken token, params uint[] ids)
    {
        Assert.Null(scheduler.Reserve(ids.Length));
        return scheduler.Submit(Call(ids), token);
    }

    private static EmbeddingCall Call(params uint[] ids) => new([.. ids.Select(id => new[] { id, 0u, 0u, 0u })], 2);
}
