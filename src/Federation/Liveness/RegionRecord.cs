using System.Diagnostics.CodeAnalysis;
using Meridian.Federation.Configuration;
using Meridian.Messages;
using Meridian.Routing.Snapshots;

namespace Meridian.Federation.Liveness;

/// <summary>
/// The judgement of one region: a state machine over observations and time. Knows no network and no thread.
/// <code>
/// Unknown --heard--> Alive --silence--> Suspect --silence--> Dead --heard--> Alive
///                      ^-------heard-------'                   ^
///                    (any) ----------------refused-------------'
/// </code>
/// The token <see cref="RegionView.Lost"/> belongs to one life of one incarnation: it is cancelled when the region is judged Dead or another incarnation is heard,
/// and a new one is issued when the region is heard again.
/// <para>
/// Which incarnation is the later one: over one connection the greater number; over a connection that was opened after the last, whichever speaks. Numbers come from the region's wall
/// clock, and one that restarts with its clock set back has a lower number than before: it would never be believed. The order of connections is this observer's own.
/// </para>
/// Used on the liveness thread alone.
/// </summary>
[SuppressMessage("Reliability", "CA1001", Justification = "See _life.")]
internal sealed class RegionRecord
{
    private const double MaxForgivenMs = 2000;

    /// <summary>A wall clock is wrong that is so much further off than half a round trip, which is all that it is known to.</summary>
    private const double ClockToleranceMs = 2000;

    private readonly HeartbeatOptions _options;
    private readonly PhiAccrualDetector _detector;
    private readonly RoundTripEstimator _roundTrip = new();

    // Never disposed: it has no timer and no link, so the collector takes it once no view and no attempt holds its token. Disposing would race with CancelAsync.
    private CancellationTokenSource? _life;
    private CancellationToken _lost;
    private double _heardMs = double.NegativeInfinity;

    // Beside _heardMs, because the observer's clock is set back when it finds that the process was stopped: what was earlier on it need not have been earlier.
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

    /// <value>Lives that have begun, the present one included.</value>
    public int Lives { get; private set; }

    /// <value>Changes of health since the first sign of the region.</value>
    public int Changes { get; private set; }

    /// <value>How far its wall clock is ahead of this observer's, ms; NaN while unknown. Decides nothing.</value>
    public double ClockOffMs { get; private set; } = double.NaN;

    /// <value>Whether that is more than clocks that are kept right can be apart.</value>
    public bool ClockWrong { get; private set; }

    /// <summary>The region spoke. Returns whether health, incarnation or draining changed.</summary>
    /// <param name="status">What it says of itself.</param>
    /// <param name="timestamp">When it was heard.</param>
    /// <param name="roundTripMs">Of its beat.</param>
    /// <param name="clock">The observer's time.</param>
    /// <param name="connection">Over which connection, counted in the order of opening.</param>
    /// <param name="clockOffMs">How far its wall clock is ahead, as exactly as half the round trip; NaN where it does not tell.</param>
    public bool Heard(RegionStatus status, long timestamp, double roundTripMs, ObserverClock clock, long connection = 0, double clockOffMs = double.NaN)
    {
        // A late ack of an earlier incarnation (its connection was still draining) says nothing about the present one.
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

    // What is within the measure's own error is as before, so that views do not change with every beat.
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
        // A region that was refused before it was heard of was not up yet: its first life is no return.
        var first = Health == RegionHealth.Unknown || (Health == RegionHealth.Dead && Lives == 1 && health == RegionHealth.Alive) || Lives == 0;
        if (!first)
            Changes++;
        Health = health;
    }

    /// <summary>Nobody listens at its address. Returns whether that changed its health.</summary>
    /// <param name="knockedTimestamp">When the knock that was refused began: a process that was heard since is a later one.</param>
    public bool Refused(long knockedTimestamp)
    {
        if (Health == RegionHealth.Dead || _heardTimestamp > knockedTimestamp)
            return false;
        Die();
        return true;
    }

    /// <summary>Judges the silence. Returns whether health changed.</summary>
    public bool Judge(double nowMs, ObserverClock clock)
    {
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
    /// What to publish: the last view itself where it still holds, so that whoever derives something from a view derives it once. A round trip that moved by less than a
    /// hundredth and a twentieth of a millisecond holds.
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
        // On the pool: what attempts registered runs callers' continuations, which have no business on the liveness thread.
        _ = _life?.CancelAsync();
        _life = null;
    }
}
