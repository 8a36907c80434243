using Meridian.Federation.Availability;
using Meridian.Federation.Directory;

namespace Meridian.Federation.Routing.Tables;

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
        var fastestMs = double.PositiveInfinity;
        for (var i = 0; i < regions.Length; i++)
        {
            loads[i] = Sum(views[i], table.Status(i), model, version, variant);
            if (sequences && loads[i] is { Replicas: > 0, Busy: > 0, ServiceMs: > 0 })
                fastestMs = Math.Min(fastestMs, loads[i].ServiceMs);
        }

        if (double.IsPositiveInfinity(fastestMs))
            fastestMs = 0;
        for (var i = 0; i < regions.Length; i++)
        {
            if (deployed is not null && !deployed[i])
            {
                Standings[i] = RegionStanding.NotDeployed;
                continue;
            }

            Backlogs[i] = Wait(loads[i], sequences);
            Facts[i] = Weigh(views[i], loads[i], Backlogs[i], sequences, fastestMs) with { Key = table.Index.Keys[i], PricePerHour = Clean(regions[i].PricePerHour, 0) };
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
        double replicas = 0, queued = 0, busy = 0, capacity = 0, service = 0;
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
        }

        return new Load(replicas, queued, busy, capacity, service / Math.Max(replicas, 1));
    }

    /// <summary>Facts with what this edge knows beyond the region's report.</summary>
    /// <param name="region">Position.</param>
    /// <param name="count">Requests of this edge under way there, and how many more of this model than when the region reported.</param>
    /// <param name="facts">The result.</param>
    public void Live(int region, (int InFlight, int Unreported) count, out RegionFacts facts)
    {
        ref readonly var reported = ref Facts[region];
        facts = count.Unreported == 0
            ? reported with { InFlight = Math.Max(0, count.InFlight) }
            : reported with
            {
                InFlight = Math.Max(0, count.InFlight),
                QueueMs = Backlogs[region].QueueMs(count.Unreported),
                LoadPerReplica = Math.Max(0, reported.LoadPerReplica + (count.Unreported / Math.Max(reported.Replicas, 1))),
            };
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
        // A region that states no capacity does not bound its queue; only a stated one can be full.
        public bool HasRoom => Capacity == 0 || Queued < Capacity;
    }
}
