using System.Collections.Frozen;
using Meridian.Federation.Configuration;
using Meridian.Federation.Liveness;
using Meridian.Messages;
using Meridian.Routing.Snapshots;
using Meridian.Routing.Tables;

namespace Meridian.Simulation.Engine;

/// <summary>An edge beside a region: hears every region's beats after half a round trip, judges silence by the real detector and keeps a snapshot as the real edges do.</summary>
internal sealed class Edge
{
    private readonly string _name;
    private readonly HeartbeatOptions _heartbeat;
    private readonly Sight[] _sights;
    private readonly Intent _intent;

    /// <param name="name">Of the region that it stands beside, and belongs to.</param>
    /// <param name="intent">All regions and models.</param>
    /// <param name="roundTripMs">To each region, ms.</param>
    /// <param name="beatMs">Time between beats, ms.</param>
    public Edge(string name, Intent intent, double[] roundTripMs, double beatMs)
    {
        _name = name;
        _intent = intent;
        var usual = new HeartbeatOptions();

        // Pauses and deviations are those of the usual interval, in proportion.
        var scale = Math.Max(1, beatMs / usual.Interval.TotalMilliseconds);
        _heartbeat = new HeartbeatOptions
        {
            Interval = TimeSpan.FromMilliseconds(beatMs),
            AcceptablePause = usual.AcceptablePause * scale,
            MinStdDev = usual.MinStdDev * scale,
            MaxSilence = usual.MaxSilence * scale,
        };
        _sights = Array.ConvertAll(roundTripMs, ms => new Sight(ms, _heartbeat));
        InFlight = new InFlightLedger();
        Jobs = Array.ConvertAll(roundTripMs, _ => new HashSet<Job>(ReferenceEqualityComparer.Instance));
        Snapshot = Make();
    }

    public DirectorySnapshot Snapshot { get; private set; }

    public InFlightLedger InFlight { get; }

    /// <value>Under way, by region.</value>
    public HashSet<Job>[] Jobs { get; }

    public double RoundTripMs(int region) => _sights[region].RoundTripMs;

    /// <summary>Hears, judges, publishes; returns the regions that were lost since the last time.</summary>
    public List<int> Observe(Region[] regions, double nowMs)
    {
        List<int> lost = [];
        for (var i = 0; i < _sights.Length; i++)
        {
            var sight = _sights[i];
            if (regions[i].Said(nowMs - (sight.RoundTripMs / 2)) is { } said && said.At > sight.HeardAtMs)
            {
                InFlight.Heard(_intent.Regions[i].Name);
                sight.Heard(said.At, said.Status, nowMs);
            }

            if (sight.Judge(nowMs, _heartbeat))
                lost.Add(i);
        }

        Snapshot = Make();
        return lost;
    }

    /// <summary>A refused connection is evidence at once. False where it was known.</summary>
    public bool Refused(int region)
    {
        if (!_sights[region].Die())
            return false;
        Snapshot = Make();
        return true;
    }

    private DirectorySnapshot Make()
    {
        var views = new RegionView[_sights.Length];
        for (var i = 0; i < views.Length; i++)
        {
            var name = _intent.Regions[i].Name;
            views[i] = new RegionView
            {
                Name = name,
                Health = _sights[i].Health,
                Incarnation = _sights[i].Incarnation,
                RoundTripMs = name == _name ? 0 : _sights[i].RoundTripMs,
                Models = _sights[i].Models,
            };
        }

        return new DirectorySnapshot
        {
            Edge = _name,
            OwnRegion = _name,
            Intent = _intent,
            Views = views.ToFrozenDictionary(view => view.Name, StringComparer.Ordinal),
            ViewsInOrder = views,
        };
    }

    /// <summary>One region as the edge sees it.</summary>
    private sealed class Sight(double roundTripMs, HeartbeatOptions options)
    {
        private readonly PhiAccrualDetector _detector = new(options.Interval, options.AcceptablePause, options.MinStdDev);
        private double _lastMs;

        public double RoundTripMs => roundTripMs;

        public double HeardAtMs { get; private set; } = double.NegativeInfinity;

        public RegionHealth Health { get; private set; } = RegionHealth.Unknown;

        public long Incarnation { get; private set; }

        public ModelStatus[] Models { get; private set; } = [];

        public void Heard(double atMs, RegionStatus status, double nowMs)
        {
            if (Health is RegionHealth.Unknown or RegionHealth.Dead || status.Incarnation > Incarnation)
                _detector.Reset(nowMs);
            else
                _detector.Heard(nowMs);
            (HeardAtMs, Incarnation, Models, Health, _lastMs) = (atMs, status.Incarnation, status.Models, RegionHealth.Alive, nowMs);
        }

        /// <summary>Whether it is given up now.</summary>
        public bool Judge(double nowMs, HeartbeatOptions heartbeat)
        {
            if (Health is RegionHealth.Unknown or RegionHealth.Dead)
                return false;
            var phi = _detector.Phi(nowMs);
            if (phi >= heartbeat.DeadPhi || nowMs - _lastMs >= heartbeat.MaxSilence.TotalMilliseconds)
                return Die();
            Health = phi >= heartbeat.SuspectPhi ? RegionHealth.Suspect : RegionHealth.Alive;
            return false;
        }

        public bool Die()
        {
            var was = Health;
            Health = RegionHealth.Dead;
            return was is RegionHealth.Alive or RegionHealth.Suspect;
        }
    }
}
