using Meridian.Gateway.OpenAi.Generation.Answers;
using Meridian.Messages;
using Microsoft.Extensions.Time.Testing;

namespace Meridian.Gateway.Tests.Generation;

public sealed class SilenceWatchTests
{
    private static readonly StreamFrame Frame = new() { Offset = 0, Next = 0, Groups = [] };

    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task A_read_that_is_done_is_not_waited_for()
    {
        using var watch = new SilenceWatch(_time, TimeSpan.FromSeconds(10));
        watch.Watch(new ValueTask<StreamFrame?>(Frame));
        var wait = watch.WaitAsync();
        Assert.True(wait.IsCompleted);
        Assert.True(await wait);
        Assert.Same(Frame, watch.Result());
    }

    [Fact]
    public async Task Silence_wakes_and_the_read_goes_on()
    {
        using var watch = new SilenceWatch(_time, TimeSpan.FromSeconds(10));
        var read = new TaskCompletionSource<StreamFrame?>();
        watch.Watch(new ValueTask<StreamFrame?>(read.Task));
        for (var i = 0; i < 3; i++)
        {
            var wait = watch.WaitAsync().AsTask();
            _time.Advance(TimeSpan.FromSeconds(10));
            Assert.False(await wait.WaitAsync(TimeSpan.FromSeconds(30)));
        }

        var last = watch.WaitAsync().AsTask();
        read.SetResult(Frame);
        Assert.True(await last.WaitAsync(TimeSpan.FromSeconds(30)));
        Assert.Same(Frame, watch.Result());
    }

    [Fact]
    public async Task What_was_sent_is_no_silence_and_a_read_that_ends_while_nobody_waits_is_noticed()
    {
        using var watch = new SilenceWatch(_time, TimeSpan.FromSeconds(10));
        var read = new TaskCompletionSource<StreamFrame?>();
        watch.Watch(new ValueTask<StreamFrame?>(read.Task));
        var wait = watch.WaitAsync().AsTask();
        for (var i = 0; i < 4; i++)
        {
            watch.Sent();
            _time.Advance(TimeSpan.FromSeconds(5));
        }

        Assert.False(wait.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.False(await wait.WaitAsync(TimeSpan.FromSeconds(30)));
        read.SetException(new IOException("gone"));
        Assert.True(await watch.WaitAsync());
        Assert.Throws<IOException>(() => watch.Result());
    }

    [Fact]
    public async Task Many_reads_race_with_many_ticks_and_none_is_missed()
    {
        using var watch = new SilenceWatch(TimeProvider.System, TimeSpan.FromMilliseconds(2));
        for (var i = 0; i < 2000; i++)
        {
            var read = new TaskCompletionSource<StreamFrame?>();
            watch.Watch(new ValueTask<StreamFrame?>(read.Task));
            ThreadPool.UnsafeQueueUserWorkItem(static source => source.SetResult(Frame), read, preferLocal: false);
            while (!await watch.WaitAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30)))
            {
            }

            Assert.Same(Frame, watch.Result());
        }
    }
}
