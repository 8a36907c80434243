using Meridian.Federation.Directory;

namespace Meridian.Federation.Routing;

/// <summary>
/// Decides which region serves: a pure function of snapshot, request, live in-flight counts and random draws.
/// <para>
/// Filters, in this order: residency (fails closed: an unknown jurisdiction or an empty list permits nothing), the model is known, deployed to the region, not yet tried,
/// heard of, with ready replicas. What is left is ranked by <see cref="RegionStanding"/> and then by the policy's score. Among regions of the best rank whose scores lie
/// within the margin of the best, the edge's own region is taken unless its queue is longer than the shortest by the margin; otherwise the less busy of two drawn at random
/// (M. Mitzenmacher, "The power of two choices in randomized load balancing", 2001): all edges read loads of the same age, and the single best would be flooded by all of them.
/// </para>
/// <para>
/// A model that generates text runs its sequences side by side, each as long as its request wants. So what waits is served at the pace at which sequences end: a service time an item
/// over the items that run. And a service time there tells of the lengths that callers asked for as much as of speed, and of an idle engine nothing (it sinks, so that the region is tried
/// again): an idle region counts as fast as the fastest busy one, and of the others only what exceeds twice that counts against them. Otherwise the nearest region without a queue serves.
/// </para>
/// <para>Figures from the wire are cleaned first: undefined, negative or absurd ones neither throw nor win.</para>
/// </summary>
/// <param name="policy">Weighs regions.</param>
/// <param name="nearEqualMs">Margin within which regions are equally good, ms.</param>
/// <param name="inFlight">Live counts of this edge, or null to use the snapshot's.</param>
public sealed class RoutingDirector(IRoutingPolicy policy, double nearEqualMs, InFlightLedger? inFlight = null)
{
    /// <summary>Round trip assumed for a region that has none measured, ms: far enough that a measured one is preferred, near enough to be used.</summary>
    private const double AssumedRoundTripMs = 250;
    private const double MostMs = 3_600_000;

    /// <summary>Kind of models whose items are sequences.</summary>
    private const string Generation = "generation";

    /// <summary>How far service times of sequences may lie apart by their lengths alone.</summary>
    private const double LengthsApart = 2;

    public RoutingDecision Decide(DirectorySnapshot snapshot, in RouteRequest request, Random random)
    {
        var regions = snapshot.Intent.Regions;
        var model = Find(snapshot.Intent, request.Model);
        var fastestMs = FastestMs(snapshot, model, request);
        Span<Candidate> candidates = regions.Length <= 16 ? stackalloc Candidate[16] : new Candidate[regions.Length];
        var count = 0;
        var seen = default(Tally);
        for (var i = 0; i < regions.Length; i++)
        {
            var standing = Stand(snapshot, regions[i], model, request, fastestMs, out var facts);
            seen.Count(standing);
            if (standing > (request.LastResort ? RegionStanding.Unheard : RegionStanding.SuspectFull))
                continue;
            Insert(candidates, ref count, new Candidate(i, standing, policy.Score(facts), facts.QueueMs, facts.InFlight));
        }

        if (count == 0)
            return new RoutingDecision(Verdict(snapshot.Intent, model, request, seen), [], RegionStanding.Forbidden);

        // The last resort ranks after all others, so it comes into play by itself when there is nothing else.
        var chosen = Choose(candidates[..count], regions, snapshot.OwnRegion, random);
        var order = new RegionMember[count];
        order[0] = regions[candidates[chosen].Index];
        for (int from = 0, to = 1; from < count; from++)
        {
            if (from != chosen)
                order[to++] = regions[candidates[from].Index];
        }

        return new RoutingDecision(RoutingVerdict.Route, order, candidates[chosen].Standing);
    }

    /// <summary>The same decision with its reasons. Allocates freely: for people, not for the request path.</summary>
    public RoutingExplanation Explain(DirectorySnapshot snapshot, in RouteRequest request, Random random)
    {
        var decision = Decide(snapshot, request, random);
        var model = Find(snapshot.Intent, request.Model);
        var fastestMs = FastestMs(snapshot, model, request);
        var regions = new RegionExplanation[snapshot.Intent.Regions.Length];
        for (var i = 0; i < regions.Length; i++)
        {
            var member = snapshot.Intent.Regions[i];
            var standing = Stand(snapshot, member, model, request, fastestMs, out var facts);
            snapshot.Views.TryGetValue(member.Name, out var view);
            var serves = standing <= RegionStanding.Unheard;
            regions[i] = new RegionExplanation(member.Name, standing, Why(standing, member, view, request, facts), serves ? policy.Score(facts) : double.NaN, facts);
        }

        return new RoutingExplanation(policy.Name, decision.Verdict, Array.ConvertAll(decision.Order, m => m.Name), regions);
    }

    /// <summary>The declaration of a model, or null.</summary>
    public static ModelDeclaration? Find(Intent intent, string model)
    {
        foreach (var declared in intent.Models)
        {
            if (declared.Name == model)
                return declared;
        }

        return null;
    }

    private RegionStanding Stand(DirectorySnapshot snapshot, RegionMember member, ModelDeclaration? model, in RouteRequest request, double fastestMs, out RegionFacts facts)
    {
        facts = default;
        if (!request.Boundary.Permits(member))
            return RegionStanding.Forbidden;
        if (model is null || (model.Regions.Length > 0 && Array.IndexOf(model.Regions, member.Name) < 0))
            return RegionStanding.NotDeployed;
        if (request.Excluded.IndexOf(member.Name) >= 0)
            return RegionStanding.Excluded;
        if (!snapshot.Views.TryGetValue(member.Name, out var view))
            return RegionStanding.Unheard;
        var load = Sum(view, request);
        Weigh(view, load, model.Kind == Generation, fastestMs, out facts);
        if (view.Health is not (RegionHealth.Alive or RegionHealth.Suspect))
            return RegionStanding.Unheard;
        if (load.Replicas == 0)
            return RegionStanding.NotReady;
        return (view.Health, load.HasRoom) switch
        {
            (RegionHealth.Alive, true) => RegionStanding.Ready,
            (RegionHealth.Alive, false) => RegionStanding.Full,
            (_, true) => RegionStanding.Suspect,
            _ => RegionStanding.SuspectFull,
        };
    }

    /// <summary>Least service time of a region that is at work, ms; 0 where it plays no part.</summary>
    private static double FastestMs(DirectorySnapshot snapshot, ModelDeclaration? model, in RouteRequest request)
    {
        if (model?.Kind != Generation)
            return 0;
        var fastest = double.PositiveInfinity;
        foreach (var member in snapshot.Intent.Regions)
        {
            if (snapshot.Views.TryGetValue(member.Name, out var view) && Sum(view, request) is { Replicas: > 0, Busy: > 0, ServiceMs: > 0 } load)
                fastest = Math.Min(fastest, load.ServiceMs);
        }

        return double.IsPositiveInfinity(fastest) ? 0 : fastest;
    }

    private static Load Sum(RegionView view, in RouteRequest request)
    {
        double replicas = 0, queued = 0, busy = 0, capacity = 0, service = 0;
        foreach (var status in view.Models)
        {
            if (status is null || status.Model != request.Model
                || (request.Version is not null && status.Version != request.Version)
                || (request.Variant is not null && status.Variant != request.Variant)
                || status.ReadyReplicas <= 0)
                continue;
            replicas += status.ReadyReplicas;
            queued += Math.Max(0, status.Queued);
            busy += Math.Max(0, status.InFlight);
            capacity += Math.Max(0, status.QueueCapacity);
            service += status.ReadyReplicas * Clean(status.ServiceMs, 0);
        }

        return new Load(replicas, queued, busy, capacity, service / Math.Max(replicas, 1));
    }

    private void Weigh(RegionView view, in Load load, bool sequences, double fastestMs, out RegionFacts facts)
    {
        var divisor = Math.Max(load.Replicas, 1);
        var serviceMs = load.ServiceMs;
        if (sequences)
            serviceMs = fastestMs + (load.Busy > 0 ? Math.Max(0, serviceMs - (LengthsApart * fastestMs)) : 0);
        facts = new RegionFacts
        {
            RoundTripMs = Clean(view.RoundTripMs, AssumedRoundTripMs),
            QueueMs = Math.Min(load.Queued / (sequences ? Math.Max(divisor, load.Busy) : divisor) * load.ServiceMs, MostMs),
            ServiceMs = serviceMs,
            LoadPerReplica = (load.Queued + load.Busy) / divisor,
            InFlight = Math.Max(0, inFlight?.Count(view.Name) ?? view.InFlight),
        };
    }

    private int Choose(ReadOnlySpan<Candidate> candidates, RegionMember[] regions, string? ownRegion, Random random)
    {
        var limit = candidates[0].Score + policy.Margin(nearEqualMs);
        var near = 0;
        var own = -1;
        var shortestQueueMs = double.MaxValue;
        while (near < candidates.Length && candidates[near].Standing == candidates[0].Standing && candidates[near].Score <= limit)
        {
            shortestQueueMs = Math.Min(shortestQueueMs, candidates[near].QueueMs);
            if (ownRegion is not null && regions[candidates[near].Index].Name == ownRegion)
                own = near;
            near++;
        }

        if (near == 1)
            return 0;
        if (own >= 0 && candidates[own].QueueMs - shortestQueueMs <= nearEqualMs)
            return own;
        var one = random.Next(near);
        var other = random.Next(near - 1);
        if (other >= one)
            other++;
        return candidates[other].InFlight < candidates[one].InFlight ? other : one;
    }

    // By standing, then score; equal ones keep the intent's order.
    private static void Insert(Span<Candidate> candidates, ref int count, in Candidate candidate)
    {
        var at = count++;
        for (; at > 0 && candidate.Before(candidates[at - 1]); at--)
            candidates[at] = candidates[at - 1];
        candidates[at] = candidate;
    }

    private static RoutingVerdict Verdict(Intent intent, ModelDeclaration? model, in RouteRequest request, in Tally seen)
    {
        if (intent.Epoch == 0 && model is null)
            return RoutingVerdict.NoIntent;
        if (!request.Boundary.IsUnrestricted && seen.Forbidden == intent.Regions.Length)
            return RoutingVerdict.ResidencyUnavailable;
        if (model is null)
            return RoutingVerdict.ModelNotFound;
        if (seen.NotReady > 0)
            return RoutingVerdict.NotReady;
        if (seen.Unheard > 0)
            return RoutingVerdict.RegionLost;
        if (seen.Excluded > 0)
            return RoutingVerdict.Exhausted;
        return !request.Boundary.IsUnrestricted ? RoutingVerdict.ResidencyUnavailable : RoutingVerdict.NotReady;
    }

    private string Why(RegionStanding standing, RegionMember member, RegionView? view, in RouteRequest request, in RegionFacts facts) => standing switch
    {
        RegionStanding.Forbidden => request.Boundary with { Regions = null } is var law && law.Permits(member)
            ? $"it is not among {string.Join(", ", request.Boundary.Regions ?? [])}"
            : $"jurisdiction '{member.Jurisdiction}' is not among {string.Join(", ", request.Boundary.Jurisdictions ?? [])}",
        RegionStanding.NotDeployed => $"model '{request.Model}' is not deployed to it",
        RegionStanding.Excluded => "already tried for this request",
        RegionStanding.Unheard => $"health is {view?.Health ?? RegionHealth.Unknown}",
        RegionStanding.NotReady => $"no ready replica of '{request.Model}'",
        _ => FormattableString.Invariant(
            $"{standing}: {policy.Name} {policy.Score(facts):F2}, round trip {facts.RoundTripMs:F2} ms, queue {facts.QueueMs:F2} ms, service {facts.ServiceMs:F2} ms, {facts.InFlight} in flight from here"),
    };

    private static double Clean(double ms, double unknown) => double.IsNaN(ms) || ms < 0 ? unknown : Math.Min(ms, MostMs);

    private readonly record struct Candidate(int Index, RegionStanding Standing, double Score, double QueueMs, int InFlight)
    {
        public bool Before(in Candidate other) => Standing != other.Standing ? Standing < other.Standing : Score < other.Score;
    }

    /// <summary>A region's replicas that would do, summed up.</summary>
    private readonly record struct Load(double Replicas, double Queued, double Busy, double Capacity, double ServiceMs)
    {
        // A region that states no capacity does not bound its queue; only a stated one can be full.
        public bool HasRoom => Capacity == 0 || Queued < Capacity;
    }

    private record struct Tally
    {
        public int Forbidden, NotReady, Unheard, Excluded;

        public void Count(RegionStanding standing)
        {
            switch (standing)
            {
                case RegionStanding.Forbidden:
                    Forbidden++;
                    break;
                case RegionStanding.NotReady:
                    NotReady++;
                    break;
                case RegionStanding.Unheard:
                    Unheard++;
                    break;
                case RegionStanding.Excluded:
                    Excluded++;
                    break;
            }
        }
    }
}
