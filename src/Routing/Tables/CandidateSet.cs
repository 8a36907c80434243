using Meridian.Routing.Snapshots;

namespace Meridian.Routing.Tables;

/// <summary>
/// What one snapshot says of every region for one model, version and variant: how it stands and what a policy may weigh. By the regions' positions in the intent.
/// </summary>
internal sealed class CandidateSet
{
    /// <summary>Round trip assumed for a region that has none measured, ms: far enough that a measured one is preferred, near enough to be used.</summary>
    private const double AssumedRoundTripMs = 250;
    private const double MostMs = 3_600_000;

    /// <summary>Kind of models whose items are sequences.</summary>
    private const string Generation = "generation";

    /// <summary>How far service times of sequences may lie apart by their lengths alone.</summary>
    private const double LengthsApart = 2;

    /// <summary>Tokens of a sequence where none has ended anywhere yet.</summary>
    private const double AssumedTokens = 128;

    /// <summary>Sequences a replica from which on their number explains how much longer their steps take.</summary>
    private const double MeasurableRows = 2;

    public CandidateSet(RoutingTable table, DirectorySnapshot snapshot, int model, string? version, string? variant)
    {
        Version = version;
        Variant = variant;
        var regions = snapshot.Intent.Regions;
        var views = snapshot.ViewsInOrder;
        var deployed = table.Index.Deployed(model);
        var sequences = snapshot.Intent.Models[model].Kind == Generation;
        Facts = new RegionFacts[regions.Length];
        Backlogs = new Backlog[regions.Length];
        Standings = new RegionStanding[regions.Length];
        var loads = new Load[regions.Length];
        for (var i = 0; i < regions.Length; i++)
            loads[i] = Sum(views[i], table.Status(i), model, version, variant);
        var paces = sequences ? Paces.Of(loads) : default;
        if (paces.AreKnown)
            (Speeds, Tokens) = (new Speed[regions.Length], paces.Tokens);
        for (var i = 0; i < regions.Length; i++)
        {
            if (deployed is not null && !deployed[i])
            {
                Standings[i] = RegionStanding.NotDeployed;
                continue;
            }

            var paced = Speeds is not null && loads[i].Replicas > 0;
            if (paced)
                Speeds![i] = paces.Speed(loads[i]);
            Backlogs[i] = paced ? Wait(loads[i], Service(i, 0, Tokens)) : Wait(loads[i], sequences);
            Facts[i] = Weigh(views[i], loads[i], Backlogs[i], sequences, paces.FastestMs) with { Key = table.Index.Keys[i], PricePerHour = Clean(regions[i].PricePerHour, 0) };
            if (paced)
                Facts[i] = Facts[i] with { ServiceMs = Service(i, 0, Tokens), Utilization = Speeds![i].Utilization(0) };
            Standings[i] = Stand(views[i], loads[i]);
            if (Portion.Of(views[i]) is { IsWhole: false } portion)
                (Portions ??= NewPortions(regions.Length))[i] = portion;
        }
    }

    public string? Version { get; }

    public string? Variant { get; }

    /// <value>The next of the same model.</value>
    public CandidateSet? Next { get; init; }

    public RegionFacts[] Facts { get; }

    public Backlog[] Backlogs { get; }

    /// <value>Of a model whose regions report how fast they generate; else null.</value>
    public Speed[]? Speeds { get; }

    /// <value>Tokens that a sequence of the model generates on average, everywhere.</value>
    public double Tokens { get; }

    /// <value>Before what the request says: where its data may go, and where it has been.</value>
    public RegionStanding[] Standings { get; }

    /// <value>How much of its requests each region is given; null where all are given all.</value>
    public Portion[]? Portions { get; }

    private static RegionStanding Stand(RegionView view, in Load load)
    {
        if (view.Health is not (RegionHealth.Alive or RegionHealth.Suspect))
            return RegionStanding.Unheard;
        if (load.Replicas == 0)
            return RegionStanding.NotReady;
        if (view.Draining)
            return RegionStanding.Draining;
        if (view.Breaker == BreakerState.Open)
            return RegionStanding.Broken;
        return (view.Health, load.HasRoom) switch
        {
            (RegionHealth.Alive, true) => RegionStanding.Ready,
            (RegionHealth.Alive, false) => RegionStanding.Full,
            (_, true) => RegionStanding.Suspect,
            _ => RegionStanding.SuspectFull,
        };
    }

    private static Load Sum(RegionView view, StatusIndex index, int model, string? version, string? variant)
    {
        double replicas = 0, queued = 0, busy = 0, capacity = 0, service = 0, paced = 0, token = 0, alone = 0, tokens = 0, slots = 0;
        for (var i = index.First(model); i >= 0; i = index.Next(i))
        {
            var status = view.Models[i];
            if ((version is not null && status.Version != version) || (variant is not null && status.Variant != variant) || status.ReadyReplicas <= 0)
                continue;
            replicas += status.ReadyReplicas;
            queued += Math.Max(0, status.Queued);
            busy += Math.Max(0, status.InFlight);
            capacity += Math.Max(0, status.QueueCapacity);
            service += status.ReadyReplicas * Clean(status.ServiceMs, 0);
            if (status.Pace is not { Slots: > 0 } pace)
                continue;
            paced += status.ReadyReplicas;
            token += status.ReadyReplicas * Clean(pace.TokenMs, 0);
            alone += status.ReadyReplicas * Clean(pace.AloneMs, 0);
            tokens += status.ReadyReplicas * Clean(pace.Tokens, 0);
            slots += pace.Slots;
        }

        var count = Math.Max(replicas, 1);
        return new Load(replicas, queued, busy, capacity, service / count)
        {
            Pace = replicas > 0 && paced == replicas && alone > 0 ? new Pace(token / count, alone / count, tokens / count, slots / count) : null,
        };
    }

    /// <summary>Time of a sequence of so many tokens, ms.</summary>
    private double Service(int region, double more, double tokens) => Math.Min(tokens * Speeds![region].Beside(more), MostMs);

    /// <summary>Facts with what this edge knows beyond the region's report, and what the request says.</summary>
    /// <param name="region">Position.</param>
    /// <param name="count">Requests of this edge under way there, and how many more of this model than when the region reported.</param>
    /// <param name="tokens">Most tokens that the request generates; 0 where it does not say.</param>
    /// <param name="facts">The result.</param>
    public void Live(int region, (int InFlight, int Unreported) count, int tokens, out RegionFacts facts)
    {
        ref readonly var reported = ref Facts[region];
        double more = count.Unreported;
        var inFlight = Math.Max(0, count.InFlight);

        // Most regions of most decisions: nothing to reckon.
        if (more == 0)
        {
            facts = IsShort(tokens) ? reported with { InFlight = inFlight, ServiceMs = reported.ServiceMs * (tokens / Tokens) } : reported with { InFlight = inFlight };
            return;
        }

        var paced = Speeds is not null && reported.Replicas > 0;
        var load = Math.Max(0, reported.LoadPerReplica + (more / Math.Max(reported.Replicas, 1)));
        facts = reported with
        {
            InFlight = inFlight,
            QueueMs = Backlogs[region].QueueMs(more),
            ServiceMs = paced ? Service(region, more, IsShort(tokens) ? tokens : Tokens) : reported.ServiceMs,
            LoadPerReplica = load,
            Utilization = paced ? Speeds![region].Utilization(more) : load,
        };
    }

    /// <summary>Whether a request that generates no more than so many tokens is shorter than others.</summary>
    public bool IsShort(int tokens) => Speeds is not null && tokens > 0 && tokens < Tokens;

    /// <summary>A slot ends its sequence in the time of one, so all together in as many parts of it.</summary>
    private static Backlog Wait(in Load load, double sequenceMs)
    {
        var slots = Math.Max(1, load.Replicas * (load.Pace?.Slots ?? 1));
        return new Backlog(load.Queued, Math.Max(0, slots - load.Busy), sequenceMs / slots);
    }

    /// <summary>
    /// Sequences that find nothing waiting are taken for running at once: how many a replica can run is not reported. Of other items a replica works on one, or on the batch that it is at.
    /// </summary>
    private static Backlog Wait(in Load load, bool sequences)
    {
        var replicas = Math.Max(load.Replicas, 1);
        var free = load.Queued > 0 ? 0 : sequences ? double.MaxValue : Math.Max(0, replicas - load.Busy);
        return new Backlog(load.Queued, free, load.ServiceMs / (sequences ? Math.Max(replicas, load.Busy) : replicas));
    }

    private static RegionFacts Weigh(RegionView view, in Load load, Backlog backlog, bool sequences, double fastestMs)
    {
        var divisor = Math.Max(load.Replicas, 1);
        var serviceMs = load.ServiceMs;
        if (sequences)
            serviceMs = fastestMs + (load.Busy > 0 ? Math.Max(0, serviceMs - (LengthsApart * fastestMs)) : 0);
        return new RegionFacts
        {
            RoundTripMs = Clean(view.RoundTripMs, AssumedRoundTripMs),
            QueueMs = backlog.QueueMs(0),
            ServiceMs = serviceMs,
            LoadPerReplica = (load.Queued + load.Busy) / divisor,
            Utilization = (load.Queued + load.Busy) / divisor,
            Replicas = load.Replicas,
            InFlight = Math.Max(0, view.InFlight),
        };
    }

    private static Portion[] NewPortions(int count)
    {
        var portions = new Portion[count];
        Array.Fill(portions, new Portion(1, false));
        return portions;
    }

    private static double Clean(double value, double unknown) => double.IsNaN(value) || value < 0 ? unknown : Math.Min(value, MostMs);

    /// <summary>A region's replicas that would do, summed up.</summary>
    private readonly record struct Load(double Replicas, double Queued, double Busy, double Capacity, double ServiceMs)
    {
        /// <value>Of models that generate text, from regions that report it.</value>
        public Pace? Pace { get; init; }

        // A region that states no capacity does not bound its queue; only a stated one can be full.
        public bool HasRoom => Capacity == 0 || Queued < Capacity;
    }

    /// <summary>A mean replica's <see cref="Messages.TokenPace"/>.</summary>
    private readonly record struct Pace(double TokenMs, double AloneMs, double Tokens, double Slots);

    /// <summary>What the reports of all regions say together of a model that generates text.</summary>
    private readonly record struct Paces
    {
        /// <value>Least service time of any busy region, ms; 0 where there is none.</value>
        public double FastestMs { get; private init; }

        /// <value>Whether all regions with ready replicas report how fast they are: figures of different kinds cannot be weighed against each other.</value>
        public bool AreKnown { get; private init; }

        public double Tokens { get; private init; }

        private double EachMs { get; init; }

        private double LeastMs { get; init; }

        public static Paces Of(Load[] loads)
        {
            double fastest = double.PositiveInfinity, least = double.PositiveInfinity, tokens = 0, replicas = 0, each = 0, ended = 0, crowded = 0;
            var known = true;
            foreach (ref readonly var load in loads.AsSpan())
            {
                if (load is { Replicas: > 0, Busy: > 0, ServiceMs: > 0 })
                    fastest = Math.Min(fastest, load.ServiceMs);
                if (load.Replicas == 0)
                    continue;
                known &= load.Pace is not null;
                if (load.Pace is not { } pace)
                    continue;
                replicas += load.Replicas;
                least = Math.Min(least, pace.AloneMs);
                if (pace.Tokens > 0)
                    (tokens, ended) = (tokens + (load.Replicas * pace.Tokens), ended + load.Replicas);
                var rows = Rows(load, pace);
                if (rows >= MeasurableRows)
                    (each, crowded) = (each + Math.Max(0, (pace.TokenMs - pace.AloneMs) / (rows - 1)), crowded + 1);
            }

            return new Paces
            {
                FastestMs = double.IsPositiveInfinity(fastest) ? 0 : fastest,
                AreKnown = known && replicas > 0,
                Tokens = ended > 0 ? tokens / ended : AssumedTokens,
                EachMs = crowded > 0 ? each / crowded : 0,
                LeastMs = least,
            };
        }

        public Speed Speed(in Load load)
        {
            var pace = load.Pace.GetValueOrDefault();
            return new Speed(Math.Max(LeastMs, pace.TokenMs), EachMs, Rows(load, pace), load.Busy + load.Queued + 1, load.Replicas, Math.Max(1, pace.Slots), LeastMs);
        }

        private static double Rows(in Load load, Pace pace) => Math.Clamp(load.Busy / load.Replicas, 1, Math.Max(1, pace.Slots));
    }
}
