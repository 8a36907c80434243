using System.Collections.Frozen;
using Meridian.Federation.Liveness;
using Meridian.Federation.Tests;
using Meridian.Messages;
using Meridian.Routing.Decision;
using Meridian.Routing.Policies;
using Meridian.Routing.Snapshots;
using Meridian.Routing.Tables;
using Microsoft.Extensions.Time.Testing;

namespace Meridian.Routing.Tests.Simulation;

/// <summary>
/// Edges, regions and what lies between them as a discrete-event simulation: the real decision on real snapshots, which are as old as beats and the network make them, against queues that
/// fill up meanwhile. No thread and no clock: the same seed gives the same run.
/// </summary>
internal sealed class RoutingWorld(SimulatedRegion[] regions, SimulatedEdge[] edges, Func<Random, double> serviceMs, int seed)
{
    private const string Model = "minilm";
    private const double BeatMs = 200;

    private readonly PriorityQueue<Action, (double AtMs, long Order)> _events = new();
    private readonly List<RoutedRequest> _requests = [];
    private readonly FakeTimeProvider _time = new();
    private double _nowMs;
    private long _order;

    /// <value>What a request is to the decision, from a draw of its own; by default one that names the model alone.</value>
    public Func<Random, (ulong Affinity, bool Flex)> Requests { get; init; } = _ => default;

    /// <summary>Runs with a policy.</summary>
    /// <param name="policy">Name of the routing policy; null for the clairvoyant, who sends each request where it is done first and knows all queues, service times and what is on its way.</param>
    /// <param name="durationMs">How long requests enter.</param>
    /// <param name="warmUpMs">Requests before that are not counted.</param>
    public RoutedRun Run(string? policy, double durationMs, double warmUpMs = 5000)
    {
        // Arrivals and service times are the same for every policy.
        for (var i = 0; i < edges.Length; i++)
            new Edge(this, i, policy).Start(durationMs);
        while (_events.TryDequeue(out var happen, out var at))
        {
            _nowMs = at.AtMs;
            var passed = TimeSpan.FromMilliseconds(_nowMs) - (_time.GetUtcNow() - _time.Start);
            if (passed > TimeSpan.Zero)
                _time.Advance(passed);
            happen();
        }

        return new RoutedRun([.. _requests.Where(r => r.SentMs >= warmUpMs)]);
    }

    private void At(double ms, Action happen) => _events.Enqueue(happen, (Math.Max(ms, _nowMs), _order++));

    private ModelStatus Status(SimulatedRegion region)
    {
        var (busy, waiting) = region.At(_nowMs);
        return new ModelStatus
        {
            Model = Model,
            Version = "v1@0",
            Variant = "fp32",
            DesiredReplicas = region.Replicas,
            ReadyReplicas = region.Replicas,
            InFlight = busy,
            Queued = waiting,
            QueueCapacity = 4096 * region.Replicas,
            ServiceMs = (float)region.ServiceMs,
        };
    }

    private sealed class Edge
    {
        private readonly RoutingWorld _world;
        private readonly int _index;
        private readonly SimulatedEdge _edge;
        private readonly Random _arrivals;
        private readonly Random _draws;
        private readonly RoundTripEstimator[] _roundTrips;
        private readonly RegionView[] _views;
        private readonly InFlightLedger _inFlight = new();
        private readonly RoutingDirector? _director;
        private readonly Intent _intent;
        private DirectorySnapshot? _snapshot;
        private double _endMs;

        public Edge(RoutingWorld world, int index, string? policy)
        {
            _world = world;
            _index = index;
            _edge = world.Edges[index];
            _arrivals = new Random(HashCode(world.Seed, index));
            _draws = new Random(HashCode(world.Seed + 1, index));
            _roundTrips = [.. world.Regions.Select(_ => new RoundTripEstimator())];
            _views = [.. world.Regions.Select(r => new RegionView { Name = r.Name, Health = RegionHealth.Unknown })];
            _intent = Sample.Intent([.. world.Regions.Select(r => (r.Name, "eu"))]);
            if (policy is not null)
                _director = new RoutingDirector(RoutingPolicies.ByName[policy], 5, _inFlight, memory: new RoutingMemory(world.Time));
        }

        public void Start(double durationMs)
        {
            _endMs = durationMs;
            for (var region = 0; region < _views.Length; region++)
                Beat(region, region * 13 % BeatMs);
            NextArrival(BeatMs * 3);
        }

        // string.GetHashCode and System.HashCode differ by process.
        private static int HashCode(int seed, int index) => unchecked((seed * 7919) + (index * 104_729));

        private void Beat(int region, double atMs)
        {
            _world.At(atMs, () =>
            {
                var roundTripMs = _edge.RoundTripsMs[region](_world.NowMs);
                _world.At(_world.NowMs + (roundTripMs / 2), () =>
                {
                    var status = _world.Status(_world.Regions[region]);
                    _world.At(_world.NowMs + (roundTripMs / 2), () => Heard(region, status, roundTripMs));
                });
                if (_world.NowMs < _endMs)
                    Beat(region, _world.NowMs + BeatMs);
            });
        }

        private void Heard(int region, ModelStatus status, double roundTripMs)
        {
            _roundTrips[region].Add(roundTripMs);
            _inFlight.Heard(_views[region].Name);
            _views[region] = _views[region] with { Health = RegionHealth.Alive, RoundTripMs = _roundTrips[region].Ms, Models = [status] };
            for (var i = 0; i < _views.Length; i++)
                _views[i] = _views[i] with { InFlight = _inFlight.Count(_views[i].Name) };
            _snapshot = new DirectorySnapshot { Edge = _edge.Name, Intent = _intent, Views = _views.ToFrozenDictionary(v => v.Name), ViewsInOrder = [.. _views] };
        }

        private void NextArrival(double fromMs)
        {
            var rate = Math.Max(_edge.RatePerSecond(fromMs), 1e-3);
            var atMs = fromMs - (Math.Log(1 - _arrivals.NextDouble()) * 1000 / rate);
            var serviceMs = _world.ServiceMs(_arrivals);
            var (affinity, flex) = _world.Requests(_arrivals);
            if (atMs >= _endMs)
                return;
            _world.At(atMs, () =>
            {
                Send(serviceMs, affinity, flex);
                NextArrival(atMs);
            });
        }

        private void Send(double serviceMs, ulong affinity, bool flex)
        {
            var sentMs = _world.NowMs;
            Span<double> done = stackalloc double[_views.Length];
            var best = 0;
            for (var i = 0; i < done.Length; i++)
            {
                var roundTripMs = _edge.RoundTripsMs[i](sentMs);
                done[i] = _world.Regions[i].DoneMs(sentMs + (roundTripMs / 2), serviceMs) + (roundTripMs / 2);
                if (done[i] < done[best])
                    best = i;
            }

            var region = _director is null || _snapshot is null
                ? best
                : _director.Decide(_snapshot, new RouteRequest { Model = Model, Affinity = affinity, Flex = flex }, _draws).Index;
            var regretMs = done[region] - done[best];
            var wayMs = _edge.RoundTripsMs[region](sentMs) / 2;
            var entry = _inFlight.Enter(_world.Regions[region].Name, Model);
            _world.Regions[region].Send(sentMs + wayMs, serviceMs);
            _world.At(sentMs + wayMs, () =>
            {
                var endMs = _world.Regions[region].Arrive(_world.NowMs, serviceMs) + wayMs;
                _world.At(endMs, () =>
                {
                    entry.Dispose();
                    _world._requests.Add(new RoutedRequest(_index, sentMs, region, endMs - sentMs, regretMs));
                });
            });
        }
    }

    private SimulatedRegion[] Regions => regions;

    private SimulatedEdge[] Edges => edges;

    private Func<Random, double> ServiceMs => serviceMs;

    private FakeTimeProvider Time => _time;

    private double NowMs => _nowMs;

    private int Seed => seed;
}
