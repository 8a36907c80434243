using Meridian.Intents;
using Meridian.Routing.Options;
using Meridian.Routing.Snapshots;
using Meridian.Simulation.Model;
using Meridian.Simulation.Strategies;

namespace Meridian.Simulation.Engine;

/// <summary>
/// The installation under a trace: edges that decide on snapshots as old as the way from each region, regions with queues, slots and caches, and their faults. Deterministic: the
/// same scenario and strategy give the same result, bit for bit.
/// </summary>
internal sealed class World
{
    private const int MostTries = 16;
    private const double WaitMs = 2000;
    private const double LookAgainMs = 100;

    private readonly Scenario _scenario;
    private readonly IStrategy _strategy;
    private readonly Agenda _agenda;
    private readonly Edge[] _edges;
    private readonly string[] _models;
    private readonly int _replicas;

    /// <param name="scenario">Installation and faults.</param>
    /// <param name="strategy">A fresh one.</param>
    /// <param name="replicas">Replicas a model and region, or null for the scenario's.</param>
    public World(Scenario scenario, IStrategy strategy, int? replicas = null)
    {
        _scenario = scenario;
        _strategy = strategy;
        _replicas = replicas ?? scenario.Replicas;
        _agenda = new Agenda(Time);
        Sites = SitesOf(scenario);
        Dice = new Random(Trace.HashCode(scenario.Seed, -1));
        _models = [.. Enumerable.Range(0, scenario.Models).Select(model => $"model-{model}")];
        var deployed = Deployment(scenario, Sites.Count);
        var intent = new Intent
        {
            Epoch = 1,
            Regions = [.. Sites.Select(site => new RegionMember { Name = site.Name, Jurisdiction = site.Jurisdiction, Protocol = new Uri($"http://{site.Name}:1"), PricePerHour = site.Price })],
            Models = [.. _models.Select((name, model) => new ModelDeclaration { Name = name, Kind = scenario.Kind, OwnedBy = "", Regions = [.. deployed[model].Select(region => Sites[region].Name)] })],
        };
        Regions = [.. Sites.Select((site, region) => new Region(site, region, [.. _models.Select((name, model) => deployed[model].Contains(region) ? new Pool(scenario.Engine, name, _replicas, scenario.Kind == Scenario.Generation) : null)]))];
        _edges = [.. Sites.Select(site => new Edge(site.Name, intent, [.. Sites.Select(other => Geography.RoundTripMs(site, other))], scenario.BeatMs))];
    }

    public SimulatedTime Time { get; } = new();

    public IReadOnlyList<Site> Sites { get; }

    public Region[] Regions { get; }

    /// <value>Kept where somebody wants it.</value>
    public Timeline? Timeline { get; init; }

    public RoutingOptions RoutingOptions { get; } = new();

    /// <value>Of the decisions alone: the trace has its own.</value>
    public Random Dice { get; }

    public string ModelName(int model) => _models[model];

    /// <summary>Whether the edge believes that the region could serve the request.</summary>
    public bool Serves(Edge edge, Job job, int region)
    {
        var view = edge.Snapshot.ViewsInOrder[region];
        return view.Health is RegionHealth.Alive or RegionHealth.Suspect
            && !job.Tried.Contains(view.Name)
            && Array.Exists(view.Models, status => status.Model == _models[job.Model] && status.ReadyReplicas > 0);
    }

    /// <summary>Runs the trace to its end, and what was begun a minute longer.</summary>
    public Outcome Run(IReadOnlyList<Arrival> trace)
    {
        var outcome = new Outcome(_strategy.Name, _scenario.Minutes * 60_000);
        Begin();
        Plan(trace, 0, outcome);
        _agenda.Run((_scenario.Minutes + 1) * 60_000);
        outcome.Unfinished = trace.Count - outcome.Finished - outcome.Failed;
        outcome.Cost = Cost();
        return outcome;
    }

    public static IReadOnlyList<Site> SitesOf(Scenario scenario) =>
        scenario.Regions is { } names ? [.. names.Select(Geography.Find)] : [.. Geography.Sites.Take(scenario.RegionCount)];

    private static int[][] Deployment(Scenario scenario, int regions)
    {
        var dice = new Random(Trace.HashCode(scenario.Seed, -2));
        var count = Math.Clamp((int)Math.Ceiling(regions * scenario.Deployed), 1, regions);
        return [.. Enumerable.Range(0, scenario.Models).Select(model =>
        {
            int[] all = [.. Enumerable.Range(0, regions)];
            if (model > 0)
                dice.Shuffle(all);
            return model == 0 ? all : [.. all.Take(count).Order()];
        })];
    }

    private void Begin()
    {
        for (var i = 0; i < Regions.Length; i++)
        {
            // Regions do not beat in step.
            var phase = _scenario.BeatMs * i / Regions.Length;
            var (region, edge) = (Regions[i], i);
            Every(phase, () =>
            {
                if (region.Up)
                    region.Beat(Time.NowMs);
            });
            Every(phase + (_scenario.BeatMs / 2), () => Observe(edge));
        }

        for (var second = 0; second < Timeline?.Seconds; second++)
            _agenda.At((second * 1000) + 500, () => Timeline!.Sample(Time.NowMs, Regions));
        foreach (var surge in _scenario.Surges)
        {
            if (Sites.All(site => site.Name != surge.Region) || surge.Times < 1)
                throw new InvalidDataException($"The scenario '{_scenario.Name}' has a surge at '{surge.Region}' by {surge.Times}; it must be one of its regions, and 1 or more.");
        }

        foreach (var outage in _scenario.Outages)
        {
            var region = Array.FindIndex(Regions, r => r.Site.Name == outage.Region);
            if (region < 0)
                throw new InvalidDataException($"The scenario '{_scenario.Name}' has an outage of '{outage.Region}', which is not among its regions.");
            _agenda.At(outage.AtMinute * 60_000, () => Lose(region, outage.Kind));
            _agenda.At((outage.AtMinute + outage.Minutes) * 60_000, Regions[region].Return);
        }

        if (_scenario.Spot is not { } spot)
            return;
        for (var i = 0; i < Regions.Length; i++)
        {
            var dice = new Random(Trace.HashCode(_scenario.Seed, -100 - i));
            var region = i;
            for (var minute = Next(dice, spot); minute < _scenario.Minutes; minute += spot.Minutes + Next(dice, spot))
            {
                _agenda.At(minute * 60_000, () => LoseSpot(region, spot));
                _agenda.At((minute + spot.Minutes) * 60_000, () => ReturnSpot(region));
            }
        }

        double Next(Random dice, SpotMarket market) => -Math.Log(1 - dice.NextDouble()) * _scenario.DayMinutes / market.LossesPerDay;

        void Every(double firstMs, Action what) => _agenda.At(firstMs, () =>
        {
            what();
            if (Time.NowMs < (_scenario.Minutes + 1) * 60_000)
                Every(Time.NowMs + _scenario.BeatMs, what);
        });
    }

    private void Plan(IReadOnlyList<Arrival> trace, int next, Outcome outcome)
    {
        if (next == trace.Count)
            return;
        var arrival = trace[next];
        _agenda.At(arrival.AtMs, () =>
        {
            Plan(trace, next + 1, outcome);
            Dispatch(new Job
            {
                Model = arrival.Model,
                Edge = arrival.Edge,
                Conversation = arrival.Conversation,
                PromptTokens = arrival.Prompt,
                OutputTokens = arrival.Output,
                Flex = arrival.Flex,
                ArrivedMs = arrival.AtMs,
                Outcome = outcome,
            });
        });
    }

    private void Dispatch(Job job)
    {
        var edge = _edges[job.Edge];
        var attempt = ++job.Attempt;
        var choice = job.Tries++ < MostTries ? _strategy.Choose(this, edge, job) : -1;
        if (choice < 0)
        {
            Wait(job);
            return;
        }

        job.WaitingSinceMs = double.NaN;
        job.Region = choice;
        Timeline?.Send(Time.NowMs, job.Edge, choice);
        job.StartedMs = double.NaN;
        job.Entry = edge.InFlight.Enter(Sites[choice].Name, _models[job.Model]);
        edge.Jobs[choice].Add(job);
        _agenda.After(edge.RoundTripMs(choice) / 2, () => Arrive(job, attempt));
    }

    /// <summary>No region is left: looks again for a while, as an edge does, and then gives up.</summary>
    private void Wait(Job job)
    {
        if (double.IsNaN(job.WaitingSinceMs))
            job.WaitingSinceMs = Time.NowMs;
        if (job.Tries > MostTries || Time.NowMs - job.WaitingSinceMs >= WaitMs)
        {
            job.Outcome.Fail(job);
            return;
        }

        job.Tried.Clear();
        job.Tries--;
        _agenda.After(LookAgainMs, () => Dispatch(job));
    }

    private void Arrive(Job job, int attempt)
    {
        if (job.Attempt != attempt)
            return;
        var region = Regions[job.Region];
        var edge = _edges[job.Edge];
        if (!region.Up)
        {
            // A frozen region's kernel takes the connection, and nothing comes: the detector must find out.
            if (!region.Frozen)
                _agenda.After(edge.RoundTripMs(job.Region) / 2, () => Refused(job.Edge, region.Index));
            return;
        }

        if (region.Pools[job.Model] is not { Replicas: > 0 } pool || (!pool.HasSlot && !pool.HasRoom))
        {
            _agenda.After(edge.RoundTripMs(job.Region) / 2, () =>
            {
                if (job.Attempt == attempt)
                    Again(job, exclude: true);
            });
            return;
        }

        if (pool.HasSlot && pool.Waiting == 0)
            Start(region, pool, job);
        else
            pool.Enqueue(job);
    }

    private void Start(Region region, Pool pool, Job job)
    {
        var (attempt, life, admitted) = (job.Attempt, region.Life, Time.NowMs);
        var firstMs = pool.Admit(job);
        job.StartedMs = Time.NowMs + firstMs;
        var back = _edges[job.Edge].RoundTripMs(region.Index) / 2;
        if (double.IsNaN(job.FirstTokenMs))
        {
            _agenda.After(firstMs, () =>
            {
                if (job.Attempt == attempt && region.Life == life && double.IsNaN(job.FirstTokenMs))
                    job.FirstTokenMs = Time.NowMs + back;
            });
        }

        _agenda.After(firstMs + ((job.OutputTokens - job.Received - 1) * job.StepMs), () =>
        {
            // Another life, or taken away: its place was given up then.
            if (region.Life != life || !pool.RunningJobs.Contains(job) || job.Attempt != attempt)
                return;
            pool.Release(job, Time.NowMs - admitted, complete: true);
            Next(region, pool);
            _agenda.After(back, () => Complete(job, attempt));
        });
    }

    private void Next(Region region, Pool pool)
    {
        while (pool.HasSlot && pool.TryDequeue(out var waiting))
        {
            // One that its edge has given up meanwhile.
            if (waiting.Region == region.Index && double.IsNaN(waiting.StartedMs))
                Start(region, pool, waiting);
        }
    }

    private void Complete(Job job, int attempt)
    {
        if (job.Attempt != attempt)
            return;
        job.Attempt++;
        Leave(job);
        job.Outcome.Finish(job, Time.NowMs);
    }

    private void Leave(Job job)
    {
        _edges[job.Edge].Jobs[job.Region].Remove(job);
        job.Entry?.Dispose();
        job.Entry = null;
    }

    /// <summary>The attempt has come to nothing: the next region, going on after the tokens that came.</summary>
    private void Again(Job job, bool exclude)
    {
        Leave(job);
        var region = Regions[job.Region];
        if (!double.IsNaN(job.StartedMs))
        {
            // What had left the region when it was lost, or by now.
            var until = region.Up ? Time.NowMs : Math.Min(Time.NowMs, region.LostAtMs);
            var came = Math.Max(0, (int)((until - job.StartedMs) / job.StepMs) + (until >= job.StartedMs ? 1 : 0));
            job.Received = Math.Min(job.OutputTokens - 1, job.Received + came);
            if (job.Received > 0)
                job.Moves++;
            job.Tries = 0;
            job.Tried.Clear();
        }

        if (exclude)
            job.Tried.Add(region.Site.Name);
        job.StartedMs = double.NaN;
        Dispatch(job);
    }

    private void Observe(int edge)
    {
        foreach (var lost in _edges[edge].Observe(Regions, Time.NowMs))
            GiveUp(edge, lost);
    }

    private void Refused(int edge, int region)
    {
        _edges[edge].Refused(region);
        GiveUp(edge, region);
    }

    private void GiveUp(int edge, int region)
    {
        foreach (var job in _edges[edge].Jobs[region].OrderBy(job => job.ArrivedMs).ToArray())
            Again(job, exclude: true);
    }

    private void Lose(int region, OutageKind kind)
    {
        Regions[region].Lose(Time.NowMs, kind == OutageKind.Freeze);
        if (kind == OutageKind.Freeze)
            return;

        // Its sockets are reset: every edge knows half a round trip later.
        for (var edge = 0; edge < _edges.Length; edge++)
        {
            var at = edge;
            _agenda.After(_edges[edge].RoundTripMs(region) / 2, () => Refused(at, region));
        }
    }

    private void LoseSpot(int region, SpotMarket spot)
    {
        if (!Regions[region].Up)
            return;
        var lost = (int)Math.Round(_replicas * spot.Share);
        foreach (var pool in Regions[region].Deployed)
        {
            if (pool.Replicas != _replicas || lost == 0)
                continue;
            pool.Resize(_replicas - lost);

            // The youngest of them ran on what is gone, as good as any others.
            foreach (var job in pool.RunningJobs.TakeLast(pool.Running * lost / _replicas).ToArray())
            {
                pool.Release(job, 0, complete: false);
                var attempt = job.Attempt;
                _agenda.After(_edges[job.Edge].RoundTripMs(region) / 2, () =>
                {
                    if (job.Attempt == attempt)
                        Again(job, exclude: false);
                });
            }
        }
    }

    private void ReturnSpot(int region)
    {
        foreach (var pool in Regions[region].Deployed)
        {
            pool.Resize(_replicas);
            Next(Regions[region], pool);
        }
    }

    /// <summary>Price of all replicas over the time of the trace, in hours of the cheapest region's.</summary>
    private double Cost()
    {
        var discount = _scenario.Spot is { } spot ? (spot.Share * spot.Discount) + (1 - spot.Share) : 1;
        return Regions.Sum(region => region.Deployed.Count() * _replicas * region.Site.Price) * discount * _scenario.Minutes / 60;
    }
}
