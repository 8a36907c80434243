using Meridian.Timing;

namespace Meridian.Intents.Etcd;

/// <summary>
/// The time limits of one call of the log. The caller's token and the stop of the log end the call. Each attempt has a timeout of its own, and attempts are
/// apart by a growing pause.
/// </summary>
internal sealed class EtcdCallLimits : IDisposable
{
    /// <summary>The pauses after failed calls, and after failed watches.</summary>
    public static readonly Backoff Pauses = new(TimeSpan.FromMilliseconds(50), TimeSpan.FromMilliseconds(500));

    private readonly TimeSpan _longestAttempt;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _linked;
    private int _failures;
    private EtcdCallException? _last;

    public EtcdCallLimits(TimeSpan longestAttempt, TimeProvider time, CancellationToken stopping, CancellationToken cancellationToken)
    {
        _longestAttempt = longestAttempt;
        _time = time;
        Attempt = longestAttempt / 4;
        _linked = CancellationTokenSource.CreateLinkedTokenSource(stopping, cancellationToken);
    }

    public CancellationToken Token => _linked.Token;

    /// <value>
    /// Timeout of one attempt at a change: short at first, then longer. Until an etcd member notices that its leader is dead, it sends changes to that
    /// leader, and gets no answer. A change that is sent again is made only once, so an attempt need not outlast the election.
    /// </value>
    public TimeSpan Attempt { get; private set; }

    public async Task BackOffAsync(EtcdCallException exception)
    {
        _last = exception;
        Attempt = Attempt * 1.15 < _longestAttempt ? Attempt * 1.15 : _longestAttempt;
        try
        {
            await Task.Delay(Pauses.After(++_failures), _time, Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The next attempt sees the cancellation.
        }
    }

    public IntentUnavailableException Unavailable(string what, bool outcomeUnknown, Exception? cause = null) => new(
        $"{what}: {_last?.Message ?? "the time was over before etcd answered"}."
        + (outcomeUnknown ? " The change may have been made, or may still be: repeat it with the same operation." : ""),
        _last ?? cause ?? new TimeoutException())
    { OutcomeUnknown = outcomeUnknown };

    public void Dispose() => _linked.Dispose();
}
