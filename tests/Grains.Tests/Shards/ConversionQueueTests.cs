using Meridian.Grains.Shards;

namespace Meridian.Grains.Tests.Shards;

public sealed class ConversionQueueTests
{
    private const long Long = ConversionQueue.ShortText + 1;

    [Fact]
    public async Task Few_run_at_once_and_the_others_wait()
    {
        using var queue = new ConversionQueue();
        using var hold = new ManualResetEventSlim();
        var (most, now) = (0, 0);
        var ran = Enumerable.Range(0, ConversionQueue.AtOnce * 3).Select(_ => queue.RunAsync(
            Long,
            _ =>
            {
                lock (hold) most = Math.Max(most, ++now);
                hold.Wait(TestContext.Current.CancellationToken);
                lock (hold) now--;
                return 1;
            },
            TestContext.Current.CancellationToken)).ToArray();
        Assert.Equal(ran.Length * Long * sizeof(char), queue.Bytes);

        hold.Set();

        Assert.All(await Task.WhenAll(ran), run => Assert.Equal((true, 1), run));
        Assert.InRange(most, 1, ConversionQueue.AtOnce);
        Assert.Equal(0, queue.Bytes);
    }

    [Fact]
    public async Task Texts_that_wait_are_counted_in_bytes()
    {
        using var queue = new ConversionQueue();
        using var hold = new ManualResetEventSlim();
        Task<(bool Ran, int Result)> Run(long bytes) => queue.RunAsync(
            bytes / sizeof(char),
            token =>
            {
                hold.Wait(token);
                return 1;
            },
            TestContext.Current.CancellationToken);

        var half = Run(ConversionQueue.MaxBytes / 2);
        var quarter = Run(ConversionQueue.MaxBytes / 4);
        Assert.Equal((false, 0), await Run((ConversionQueue.MaxBytes / 4) + sizeof(char)));
        var rest = Run(ConversionQueue.MaxBytes / 4);
        Assert.Equal(ConversionQueue.MaxBytes, queue.Bytes);
        Assert.Equal((false, 0), await Run(Long * sizeof(char)));

        // What is short neither waits nor counts.
        hold.Set();
        Assert.True((await Run(ConversionQueue.ShortText * sizeof(char))).Ran);
        Assert.All(await Task.WhenAll(half, quarter, rest), run => Assert.True(run.Ran));
        Assert.Equal(0, queue.Bytes);

        // Alone a text may be longer than the queue: it is refused, if at all, for what its model takes.
        Assert.True((await Run(ConversionQueue.MaxBytes * 2)).Ran);
    }

    [Fact]
    public async Task A_caller_who_goes_gives_room_back_while_waiting_and_while_running()
    {
        using var queue = new ConversionQueue();
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var ran = Enumerable.Range(0, ConversionQueue.AtOnce + 4).Select(_ => queue.RunAsync(
            Long,
            token =>
            {
                started.TrySetResult();
                token.WaitHandle.WaitOne();
                token.ThrowIfCancellationRequested();
                return 1;
            },
            gone.Token)).ToArray();
        await started.Task;

        await gone.CancelAsync();

        foreach (var run in ran) await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
        Assert.Equal(0, queue.Bytes);
        Assert.Equal((true, 2), await queue.RunAsync(Long, static _ => 2, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_conversion_that_fails_gives_its_room_back()
    {
        using var queue = new ConversionQueue();
        await Assert.ThrowsAsync<InvalidOperationException>(() => queue.RunAsync<int>(Long, static _ => throw new InvalidOperationException(), TestContext.Current.CancellationToken));
        Assert.Equal(0, queue.Bytes);
    }
}
