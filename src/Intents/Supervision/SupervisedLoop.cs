using Meridian.Timing;

namespace Meridian.Intents.Supervision;

/// <summary>The record of one loop: counts its failures and gives the pause before its next start. Thread-safe.</summary>
public sealed class SupervisedLoop
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);

    /// <summary>A loop that has run for this long after a failure counts as healthy again.</summary>
    private static readonly TimeSpan SoundAfter = TimeSpan.FromSeconds(30);

    private readonly LoopSupervisor _supervisor;
    private readonly Backoff _pauses;
    private readonly Lock _gate = new();
    private int _inARow;
    private long _failures;
    private string? _problem;
    private long _startsAgain;

    internal SupervisedLoop(LoopSupervisor supervisor, string name, TimeSpan longestPause)
    {
        _supervisor = supervisor;
        Name = name;
        _pauses = new Backoff(FirstPause, longestPause);
    }

    public string Name { get; }

    public LoopStatus Status
    {
        get
        {
            lock (_gate)
                return new LoopStatus(Name, _failures, IsSound ? null : _problem);
        }
    }

    private bool IsSound => _problem is null || _supervisor.Time.GetElapsedTime(_startsAgain) >= SoundAfter;

    /// <summary>
    /// Records a failure. The log gets the stack of the first failure and of each failure with a new reason, and one line for every other failure.
    /// </summary>
    /// <returns>The pause before the loop's next start: twice the last pause, up to the longest one, or the first pause if the loop was healthy
    /// since.</returns>
    public TimeSpan Failed(Exception exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        bool known;
        TimeSpan pause;
        long failures;
        lock (_gate)
        {
            var sound = IsSound;
            known = !sound && _problem == exception.Message;
            _inARow = sound ? 1 : _inARow + 1;
            pause = _pauses.After(_inARow);
            _problem = exception.Message;
            failures = ++_failures;
            _startsAgain = _supervisor.Time.GetTimestamp() + (long)(pause.TotalSeconds * _supervisor.Time.TimestampFrequency);
        }

        LoopMetrics.Failed(Name);
        _supervisor.Tell(Name, exception, known, failures, pause);
        return pause;
    }
}
