using System.Diagnostics.CodeAnalysis;
using Meridian.Federation.Configuration;
using Meridian.Messages;
using Meridian.Routing.Snapshots;

namespace Meridian.Federation.Liveness;

/// <summary>
/// Judges one region: a state machine over observations and time. It uses no network and no thread.
/// <code>
/// Unknown --heard--> Alive --silence--> Suspect --silence--> Dead --heard--> Alive
///                      ^-------heard-------'                   ^
///                    (any) ----------------refused-------------'
/// </code>
/// The token <see cref="RegionView.Lost"/> belongs to one life of one incarnation. It is cancelled when the region is judged Dead or when another incarnation
/// is heard. After an orderly stop (<see cref="Stop"/>) it is cancelled later. A new token is issued when the region is heard again.
/// <para>
/// Which of two incarnations is later? Over one connection it is the greater number. If one connection was opened after the other, it is the incarnation
/// heard over the later connection. Incarnation numbers come from the region's wall clock: a region that restarts after its clock was set back has a lower
/// number than before and would never be believed by number alone. The observer itself counts connections in the order in which it opened them.
/// </para>
/// Only the liveness thread uses it.
/// </summary>
[SuppressMessage("Reliability", "CA1001", Justification = "See _life.")]
internal sealed class RegionRecord
{
    private const double MaxForgivenMs = 2000;

    /// <summary>
    /// A wall clock counts as wrong if its offset exceeds this bound plus half a round trip. Half a round trip is the error of the measurement.
    /// </summary>
    private const double ClockToleranceMs = 2000;

    private readonly HeartbeatOptions _options;
    private readonly PhiAccrualDetector _detector;
    private readonly RoundTripEstimator _roundTrip = new();

    // Never disposed: it has no timer and no link, so the collector frees it once no view and no attempt holds its token. Disposing it would race with
    // CancelAsync.
    private CancellationTokenSource? _life;
    private CancellationToken _lost;
    private double _heardMs = double.NegativeInfinity;

    // Kept beside _heardMs, because the observer's clock is set back when it finds that the process was stopped. A smaller value on that clock need not be
    // earlier.
    private long _heardTimestamp = long.MinValue;
    private double _starvedWhenHeardMs;

    private long _connection = long.MinValue;
    private RegionView? _view;

    public RegionRecord(RegionMember member, HeartbeatOptions options)
    {
        Member = member;
        _options = options;
        _detector = new PhiAccrualDetector(options.Interval, options.AcceptablePause, options.MinStdDev);
    }

    public RegionMember Member { get; set; }

    public RegionHealth Health { get; private set; } = RegionHealth.Unknown;

    public long Incarnation { get; private set; }

    /// <value>Whether the region takes nothing new.</value>
    public bool Draining { get; private set; }

    /// <value>Whether the process has said that it begins to stop.</value>
    public bool Stopping { get; private set; }

    /// <value>Number of lives that have begun, including the present one.</value>
    public int Lives { get; private set; }

    /// <value>Number of changes of health since the region was first heard.</value>
    public int Changes { get; private set; }

    /// <value>How far the region's wall clock is ahead of this observer's, ms; NaN while unknown. No decision uses it.</value>
    public double ClockOffMs { get; private set; } = double.NaN;

    /// <value>Whether the clock offset is larger than between two synchronized clocks.</value>
    public bool ClockWrong { get; private set; }

    /// <summary>An ack of the region has arrived. Returns whether health, incarnation or draining changed.</summary>
    /// <param name="status">The region's own status.</param>
    /// <param name="timestamp">When the ack arrived.</param>
    /// <param name="roundTripMs">Round trip of its beat, ms.</param>
    /// <param name="clock">The observer's clock.</param>
    /// <param name="connection">Number of the connection, counted in the order of opening.</param>
    /// <param name="clockOffMs">How far the region's wall clock is ahead, ms, with an error of up to half the round trip. NaN if the region does not send its
    /// clock.</param>
    public bool Heard(RegionStatus status, long timestamp, double roundTripMs, ObserverClock clock, long connection = 0, double clockOffMs = double.NaN)
    {
        // A late ack of an earlier incarnation, whose connection was still draining, says nothing about the present one.
        if (connection < _connection || (connection == _connection && status.Incarnation < Incarnation))
            return false;
        _connection = connection;
        var nowMs = clock.Ms(timestamp);
        var changed = Draining != status.Draining;
        Draining = status.Draining;
        if (status.Incarnation != Incarnation || Health is RegionHealth.Unknown or RegionHealth.Dead)
        {
            EndLife();
            _life = new CancellationTokenSource();
            _lost = _life.Token;
            Lives++;
            _detector.Reset(nowMs);
            if (status.Incarnation != Incarnation)
                _roundTrip.Reset();
            Incarnation = status.Incarnation;
            changed = true;
        }
        else
        {
            _detector.Heard(nowMs);
        }

        changed |= Health != RegionHealth.Alive;
        Stopping = false;
        Become(RegionHealth.Alive);
        Models = status.Models ?? [];
        _heardMs = nowMs;
        _heardTimestamp = timestamp;
        _starvedWhenHeardMs = clock.StarvedMs;
        _roundTrip.Add(roundTripMs);
        if (!double.IsNaN(clockOffMs))
            SeeClock(clockOffMs, roundTripMs);
        return changed;
    }

    // An offset within the error of the measurement counts as unchanged, so that views do not change with every beat.
    private void SeeClock(double offMs, double roundTripMs)
    {
        var error = (roundTripMs / 2) + 50;
        if (double.IsNaN(ClockOffMs) || Math.Abs(offMs - ClockOffMs) > error)
            ClockOffMs = Math.Abs(offMs) <= error ? 0 : Math.Round(offMs);
        ClockWrong = Math.Abs(ClockOffMs) > ClockToleranceMs + (roundTripMs / 2);
    }

    private void Become(RegionHealth health)
    {
        if (health == Health)
            return;
        // A region that was refused before it was ever heard was not up yet. Its first life is not a return and does not count as a change.
        var first = Health == RegionHealth.Unknown || (Health == RegionHealth.Dead && Lives == 1 && health == RegionHealth.Alive) || Lives == 0;
        if (!first)
            Changes++;
        Health = health;
    }

    /// <summary>A probe was refused: no process listens at the region's address. Returns whether this changed the region's health.</summary>
    /// <param name="probedTimestamp">When the refused probe began. A process heard after that started later, so the refusal is ignored.</param>
    public bool Refused(long probedTimestamp)
    {
        if (Health == RegionHealth.Dead || _heardTimestamp > probedTimestamp)
            return false;
        if (Stopping)
            Become(RegionHealth.Dead);
        else
            Die();
        return true;
    }

    /// <summary>
    /// The process of an incarnation says that it begins to stop. It soon refuses probes, so it is judged Dead and gets nothing new. But its requests and streams
    /// under way go on until it ends them: their token is cancelled only after <see cref="HeartbeatOptions.MaxSilence"/>.
    /// </summary>
    public void Stop(long incarnation) => Stopping |= incarnation == Incarnation;

    /// <summary>Judges how long the region has been silent. Returns whether its health changed.</summary>
    public bool Judge(double nowMs, ObserverClock clock)
    {
        if (Health == RegionHealth.Dead && _life is not null && nowMs - _heardMs >= _options.MaxSilence.TotalMilliseconds)
        {
            EndLife();
            return false;
        }

        if (Health is RegionHealth.Unknown or RegionHealth.Dead)
            return false;
        var forgivenMs = Math.Min(clock.StarvedMs - _starvedWhenHeardMs, MaxForgivenMs);
        var phi = _detector.Phi(nowMs - forgivenMs);
        if (phi >= _options.DeadPhi || nowMs - forgivenMs - _heardMs >= _options.MaxSilence.TotalMilliseconds)
        {
            Die();
            return true;
        }

        var health = phi >= _options.SuspectPhi ? RegionHealth.Suspect : RegionHealth.Alive;
        if (health == Health)
            return false;
        Become(health);
        return true;
    }

    /// <summary>Ms since the region was heard last.</summary>
    public double SilenceMs(double nowMs) => nowMs - _heardMs;

    /// <summary>The region left the intent.</summary>
    public void Removed() => EndLife();

    /// <summary>
    /// The view to publish. Returns the last view object if it still holds, so that code which derives data from a view does so only once. A round trip that
    /// moved by at most 0.05 ms or 1 percent, whichever is more, counts as unchanged.
    /// </summary>
    public RegionView View(int inFlight, BreakerState breaker, double weight)
    {
        if (_view is { } last && last.Health == Health && last.Incarnation == Incarnation && last.Draining == Draining && last.Breaker == breaker
            && last.Weight.Equals(weight) && last.InFlight == inFlight && ReferenceEquals(last.Models, Models) && last.Lost == _lost
            && last.Changes == Changes && last.ClockOffMs.Equals(ClockOffMs)
            && (last.RoundTripMs.Equals(_roundTrip.Ms) || Math.Abs(last.RoundTripMs - _roundTrip.Ms) <= Math.Max(0.05, last.RoundTripMs / 100)))
        {
            return last;
        }

        return _view = new RegionView
        {
            Name = Member.Name,
            Health = Health,
            Incarnation = Incarnation,
            RoundTripMs = _roundTrip.Ms,
            Models = Models,
            Draining = Draining,
            Breaker = breaker,
            Weight = weight,
            InFlight = inFlight,
            Changes = Changes,
            ClockOffMs = ClockOffMs,
            Lost = _lost,
        };
    }

    private ModelStatus[] Models { get; set; } = [];

    private void Die()
    {
        Become(RegionHealth.Dead);
        EndLife();
    }

    private void EndLife()
    {
        // CancelAsync runs the callbacks on the thread pool. Attempts have registered callers' continuations, which must not run on the liveness thread.
        _ = _life?.CancelAsync();
        _life = null;
    }
}
