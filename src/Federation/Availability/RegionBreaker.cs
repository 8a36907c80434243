using System.Diagnostics;
using Meridian.Routing.Attempts;
using Meridian.Routing.Snapshots;
using Meridian.Timing;
using Polly;
using Polly.CircuitBreaker;

namespace Meridian.Federation.Availability;

/// <summary>
/// The circuit breaker of one incarnation of a region. Polly counts and decides. Attempts do not run inside Polly; only their outcomes are reported to it
/// when they have ended. The reasons: an attempt may be a stream of several minutes, and the choice of region is made from the snapshot.
/// <code>
/// Closed --too many failures--> Open --time--> HalfOpen --answers in a row--> Closed
///                                ^----a failure---'
/// </code>
/// While the breaker is open, outcomes of attempts that began before are dropped, because they say nothing new. While it is half open, routing sends few
/// requests; the first failure opens it again for twice as long. Thread-safe. While closed, an outcome costs two short locks and no allocation, except one
/// object per tenth of the sampling window.
/// </summary>
internal sealed class RegionBreaker
{
    private readonly CircuitBreakerStateProvider _polly = new();
    private readonly ResiliencePipeline<AttemptOutcome> _pipeline;
    private readonly TimeProvider _time;
    private readonly int _probes;

    // Guards every change of state. Outcomes in the closed state do not take it.
    private readonly Lock _lock = new();
    private volatile BreakerState _state;
    private TimeSpan _break;
    private long _retryAt;
    private int _answered;

    /// <param name="time">For timestamps.</param>
    /// <param name="monotonic">The same clock for Polly, which measures durations in universal time.</param>
    public RegionBreaker(AvailabilityOptions options, TimeProvider time, MonotonicTime monotonic)
    {
        _time = time;
        _probes = options.Probes;
        _pipeline = new ResiliencePipelineBuilder<AttemptOutcome> { TimeProvider = monotonic }
            .AddCircuitBreaker(new CircuitBreakerStrategyOptions<AttemptOutcome>
            {
                FailureRatio = options.FailureRatio,
                MinimumThroughput = options.MinimumThroughput,
                SamplingDuration = options.SamplingWindow,
                BreakDuration = options.Break,
                BreakDurationGenerator = trials => ValueTask.FromResult(_break = BreakAfter(trials.HalfOpenAttempts, options)),
                ShouldHandle = static attempt => ValueTask.FromResult(attempt.Outcome.Result != AttemptOutcome.Answered),
                StateProvider = _polly,
            })
            .Build();
    }

    public BreakerState State => _state;

    /// <summary>Counts an attempt that has ended. Returns whether the state changed.</summary>
    public bool Report(AttemptOutcome outcome)
    {
        if (_state == BreakerState.Closed)
        {
            Tell(outcome);
            return outcome != AttemptOutcome.Answered && _polly.CircuitState == CircuitState.Open && Opened();
        }

        lock (_lock)
        {
            var before = _state;
            if (before == BreakerState.Closed || !TriesAgain(_time.GetTimestamp()))
                return false;
            _state = BreakerState.HalfOpen;
            if (outcome != AttemptOutcome.Answered || ++_answered >= _probes)
            {
                Tell(outcome);
                Follow();
            }

            return _state != before;
        }
    }

    /// <summary>Lets the region be tried again when the time has come. Returns whether the state changed.</summary>
    public bool Advance(long now)
    {
        if (_state != BreakerState.Open)
            return false;
        lock (_lock)
        {
            if (_state != BreakerState.Open || !TriesAgain(now))
                return false;
            _state = BreakerState.HalfOpen;
            return true;
        }
    }

    private static TimeSpan BreakAfter(int failedTrials, AvailabilityOptions options) =>
        new Backoff(options.Break, options.MaxBreak).After(failedTrials + 1L);

    private bool Opened()
    {
        lock (_lock)
        {
            // If two reports saw the breaker open, only one of them reports the change.
            if (_state != BreakerState.Closed)
                return false;
            Follow();
            return _state != BreakerState.Closed;
        }
    }

    private void Follow()
    {
        _answered = 0;
        _state = _polly.CircuitState == CircuitState.Closed ? BreakerState.Closed : BreakerState.Open;
        if (_state == BreakerState.Open)
            _retryAt = _time.GetTimestamp() + (long)Math.Ceiling(_break.TotalSeconds * _time.TimestampFrequency);
    }

    private bool TriesAgain(long now) => _state == BreakerState.HalfOpen || now >= _retryAt;

    private void Tell(AttemptOutcome outcome)
    {
        var context = ResilienceContextPool.Shared.Get(continueOnCapturedContext: false);
        var told = _pipeline.ExecuteOutcomeAsync(static (_, outcome) => ValueTask.FromResult(Outcome.FromResult(outcome)), context, outcome);

        // Nothing here waits: the callback completes at once, and the breaker has no callbacks of its own.
        Debug.Assert(told.IsCompleted, "A breaker without callbacks completes synchronously.");
        _ = told.GetAwaiter().GetResult();
        ResilienceContextPool.Shared.Return(context);
    }
}
