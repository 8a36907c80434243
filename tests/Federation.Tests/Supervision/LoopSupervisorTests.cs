using Meridian.Intents.Supervision;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Meridian.Federation.Tests.Supervision;

public sealed class LoopSupervisorTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly LoopSupervisor _supervisor;

    public LoopSupervisorTests() => _supervisor = new LoopSupervisor(_time, NullLogger<LoopSupervisor>.Instance);

    public void Dispose() => _stop.Dispose();

    [Fact]
    public async Task A_loop_that_fails_is_counted_shown_and_started_again_after_a_pause_that_grows()
    {
        var starts = new List<double>();
        var running = _supervisor.RunAsync(
            "test",
            _ =>
            {
                starts.Add(Math.Round(_time.GetElapsedTime(0).TotalSeconds - Began, 1));
                throw new InvalidOperationException($"fault {starts.Count}");
            },
            _stop.Token);

        for (var tenth = 0; tenth < 1000; tenth++)
            _time.Advance(TimeSpan.FromSeconds(0.1));
        await _stop.CancelAsync();
        await running;

        Assert.Equal([0, 0.1, 0.3, 0.7, 1.5, 3.1, 6.3, 12.7, 25.5, 51.1, 81.1], starts);
        Assert.Equal(new LoopStatus("test", 11, "fault 11"), Assert.Single(_supervisor.Loops));
    }

    [Fact]
    public async Task A_loop_that_has_run_for_a_while_is_sound_and_its_next_pause_is_short()
    {
        var runs = 0;
        var fail = new TaskCompletionSource();
        var running = _supervisor.RunAsync("test", token => ++runs < 5 ? throw new InvalidOperationException("fault") : runs == 5 ? fail.Task : Task.Delay(Timeout.InfiniteTimeSpan, _time, token), _stop.Token);
        for (var tenth = 0; tenth < 20; tenth++)
            _time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.Equal((5, "fault"), (runs, Assert.Single(_supervisor.Loops).Problem));

        _time.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(new LoopStatus("test", 4, null), Assert.Single(_supervisor.Loops));
        fail.SetException(new InvalidOperationException("another"));
        await RunsAsync(() => _supervisor.Loops[0].Failures == 5);
        await RunsAsync(() =>
        {
            _time.Advance(TimeSpan.FromSeconds(0.1));
            return runs == 6;
        });
        await _stop.CancelAsync();
        await running;
    }

    [Fact]
    public async Task A_loop_that_is_done_or_stopped_is_not_started_again()
    {
        var runs = 0;
        await _supervisor.RunAsync(
            "done",
            _ =>
            {
                runs++;
                return Task.CompletedTask;
            },
            _stop.Token);
        var running = _supervisor.RunAsync("stopped", token => Task.Delay(Timeout.InfiniteTimeSpan, token), _stop.Token);
        await _stop.CancelAsync();
        await running;

        Assert.Equal(1, runs);
        Assert.All(_supervisor.Loops, loop => Assert.Equal(0, loop.Failures));
    }

    // A cancellation that nobody asked for is a failure like any other: the loop of before would have ended by it, silently.
    [Fact]
    public void A_cancellation_that_is_not_the_stop_is_a_failure()
    {
        _ = _supervisor.RunAsync("test", _ => throw new OperationCanceledException(), _stop.Token);

        Assert.Equal(1, Assert.Single(_supervisor.Loops).Failures);
    }

    private double Began { get; } = new FakeTimeProvider().GetElapsedTime(0).TotalSeconds;

    private static async Task RunsAsync(Func<bool> holds)
    {
        for (var i = 0; i < 6000 && !holds(); i++)
            await Task.Delay(10);
        Assert.True(holds());
    }
}
