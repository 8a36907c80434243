using Meridian.Routing.Snapshots;

namespace Meridian.Routing.Tables;

/// <summary>
/// The state of every region in one snapshot for one model, version and variant: its <see cref="RegionStanding"/> and the facts that a policy may weigh. All
/// arrays are indexed by the region's position in the intent.
/// </summary>
internal sealed class CandidateSet
{
    /// <summary>
    /// Assumed round trip of a region without a measured one, ms. It is long enough that a measured region is preferred, and short enough that the region is
    /// still used.
    /// </summary>
    private const double AssumedRoundTripMs = 250;
    private const double MostMs = 3_600_000;

    /// <summary>Kind of the models whose items are sequences of generated text.</summary>
    private const string Generation = "generation";

    /// <summary>Factor by which the service times of sequences may differ only because their lengths differ.</summary>
    private const double LengthsApart = 2;

    /// <summary>Assumed tokens of a sequence, used while no sequence has ended in any region.</summary>
    private const double AssumedTokens = 128;

    /// <summary>Sequences per replica from which the number of sequences can explain why their steps take longer.</summary>
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

    /// <value>The next set of the same model.</value>
    public CandidateSet? Next { get; init; }

    public RegionFacts[] Facts { get; }

    public Backlog[] Backlogs { get; }

    /// <value>By region, for a model whose regions report how fast they generate text; null for other models.</value>
    public Speed[]? Speeds { get; }

    /// <value>Average number of tokens that a sequence of the model generates, over all regions.</value>
    public double Tokens { get; }

    /// <value>By region, before the request is considered (its data boundary and the regions that it has tried).</value>
    public RegionStanding[] Standings { get; }

    /// <value>By region, the part of its requests that the region gets. Null if every region gets all of its requests.</value>
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

    /// <summary>Time of a sequence of <paramref name="tokens"/> tokens, ms.</summary>
    private double Service(int region, double more, double tokens) => Math.Min(tokens * Speeds![region].Beside(more), MostMs);

    /// <summary>
    /// The reported facts of a region, updated with the requests that this edge has sent since the report and with the token limit of the request.
    /// </summary>
    /// <param name="region">Position of the region in the intent.</param>
    /// <param name="count">The requests of this edge in flight at the region, and how many more requests of this model are in flight than at the region's
    /// last report.</param>
    /// <param name="tokens">Most tokens that the request generates; 0 if the request sets no limit.</param>
    /// <param name="facts">The updated facts.</param>
    public void Live(int region, (int InFlight, int Unreported) count, int tokens, out RegionFacts facts)
    {
        ref readonly var reported = ref Facts[region];
        double more = count.Unreported;
        var inFlight = Math.Max(0, count.InFlight);

        // The usual case: there is no unreported load to add.
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

    /// <summary>Whether a request that generates at most <paramref name="tokens"/> tokens is shorter than the average sequence.</summary>
    public bool IsShort(int tokens) => Speeds is not null && tokens > 0 && tokens < Tokens;

    /// <summary>
    /// Each slot ends one sequence within <paramref name="sequenceMs"/>. So the region as a whole ends one sequence every <c>sequenceMs / slots</c>.
    /// </summary>
    private static Backlog Wait(in Load load, double sequenceMs)
    {
        var slots = Math.Max(1, load.Replicas * (load.Pace?.Slots ?? 1));
        return new Backlog(load.Queued, Math.Max(0, slots - load.Busy), sequenceMs / slots);
    }

    /// <summary>
    /// If nothing waits, every further sequence is assumed to start at once, because these regions do not report how many sequences a replica can run. For
    /// other models a replica works on one item or one batch at a time.
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

    /// <summary>Sums over the ready replicas of a region that match the model, version and variant.</summary>
    private readonly record struct Load(double Replicas, double Queued, double Busy, double Capacity, double ServiceMs)
    {
        /// <value>For models that generate text, if every matching replica of the region reports its speed; else null.</value>
        public Pace? Pace { get; init; }

        // A capacity of 0 means that the region states no limit. Only a queue with a stated limit can be full.
        public bool HasRoom => Capacity == 0 || Queued < Capacity;
    }

    /// <summary>The <see cref="Messages.TokenPace"/> of an average replica.</summary>
    private readonly record struct Pace(double TokenMs, double AloneMs, double Tokens, double Slots);

    /// <summary>Facts about a model that generates text, computed from the reports of all regions together.</summary>
    private readonly record struct Paces
    {
        /// <value>Shortest service time of any busy region, ms; 0 if no region is busy.</value>
        public double FastestMs { get; private init; }

        /// <value>
        /// Whether all regions with ready replicas report their speed. If some do not, their figures have another meaning and cannot be compared.
        /// </value>
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
