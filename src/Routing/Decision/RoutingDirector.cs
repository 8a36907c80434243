using System.Globalization;
using Meridian.Messages;
using Meridian.Routing.Options;
using Meridian.Routing.Policies;
using Meridian.Routing.Residency;
using Meridian.Routing.Snapshots;
using Meridian.Routing.Tables;
using Meridian.Routing.Versions;
using Meridian.Specs;

namespace Meridian.Routing.Decision;

/// <summary>
/// Decides which region serves a request. The decision depends on the snapshot, the request, the live in-flight counts, random draws and, for some policies,
/// the <see cref="RoutingMemory"/>.
///
/// <para>Filters, in this order: residency (fails closed: an unknown jurisdiction or an empty list permits nothing); the model is known, deployed to the
/// region, and the region was not tried yet; the region is alive or suspect, has ready replicas and is not draining. The remaining regions are ranked by
/// <see cref="RegionStanding"/>. A policy then chooses among the regions of the best standing. The policy is the model's own, if the model names a known one.
/// Otherwise it is <see cref="RoutingOptions.FlexPolicy"/> for work that can wait, if prices are known. Otherwise it is the policy of the edge.</para>
///
/// <para>A region that has just returned gets only a part of its share. The other requests skip it as long as another region of the same standing is left. A
/// region with a half-open breaker gets <see cref="RoutingOptions.HalfOpenShare"/> of the requests; the other requests treat its breaker as open.</para>
///
/// <para>A model that generates text runs several sequences side by side, and each sequence is as long as its request wants. The regions report their speed
/// (<see cref="Messages.TokenPace"/>). The predicted service time of a request is its number of tokens times the predicted time between two tokens. The
/// number of tokens is the average over all regions, or the request's own limit if this is smaller. A waiting sequence starts when a slot ends its sequence.
/// The reported time of an idle engine sinks, so that the region is tried again, but not below the time of a single sequence in the fastest region.</para>
///
/// <para>A region with an older build does not report its speed. Then only service times are known. They depend on the requested lengths as much as on the
/// speed, and an idle engine has no current one. So an idle region counts as fast as the fastest busy region. For a busy region only the part above twice
/// that time counts against it. Otherwise the nearest region without a queue serves.</para>
///
/// <para>Figures from the wire are cleaned first: an undefined, negative or absurd figure neither throws nor wins.</para>
/// </summary>
public sealed class RoutingDirector
{
    /// <summary>Number of regions up to which a decision keeps its candidates on the stack.</summary>
    private const int MostOnStack = 128;

    private readonly IRoutingPolicy _policy;
    private readonly IRoutingPolicy _flex;
    private readonly double _nearEqualMs;
    private readonly InFlightLedger? _inFlight;
    private readonly RoutingOptions _options;
    private readonly RoutingMemory _memory;

    /// <param name="policy">Policy for requests whose model names none.</param>
    /// <param name="nearEqualMs">Regions whose times differ by at most this margin count as equal, ms.</param>
    /// <param name="inFlight">Live counts of this edge, or null to use the counts of the snapshot.</param>
    /// <param name="options">Limits of the policies, or null for the defaults.</param>
    /// <param name="memory">State that outlives a decision, or null for an own one on the system clock.</param>
    public RoutingDirector(IRoutingPolicy policy, double nearEqualMs, InFlightLedger? inFlight = null, RoutingOptions? options = null, RoutingMemory? memory = null)
    {
        _policy = policy;
        _nearEqualMs = nearEqualMs;
        _inFlight = inFlight;
        _options = options ?? new RoutingOptions();
        _flex = RoutingPolicies.ByName[_options.FlexPolicy];
        _memory = memory ?? new RoutingMemory(TimeProvider.System);
    }

    /// <summary>Decides. Allocates nothing if the snapshot has already served a decision for the same model, version and variant.</summary>
    public RoutingDecision Decide(DirectorySnapshot snapshot, in RouteRequest request, Random random)
    {
        var table = RoutingTable.Of(snapshot);
        if (!table.Index.Models.TryGetValue(request.Model, out var model))
            return RoutingDecision.None(Verdict(snapshot, -1, null, request));
        var set = table.Of(model, request.Version, request.Variant);
        var count = set.Standings.Length;
        var policy = PolicyOf(table.Index, model, request);
        Span<RoutingCandidate> candidates = count <= MostOnStack ? stackalloc RoutingCandidate[count] : new RoutingCandidate[count];
        Span<RegionFacts> facts = _inFlight is null && !set.IsShort(request.MostTokens) ? set.Facts : count <= MostOnStack ? stackalloc RegionFacts[count] : new RegionFacts[count];
        candidates = candidates[..Gather(table, set, policy, model, request, candidates, facts, random, out var standing)];
        if (candidates.Length == 0)
            return RoutingDecision.None(Verdict(snapshot, model, set, request));
        var chosen = 0;
        if (candidates.Length > 1)
        {
            chosen = policy.Choose(candidates, new RoutingContext
            {
                Facts = facts,
                OwnRegion = table.OwnRegion,
                Affinity = request.Affinity,
                NearEqualMs = _nearEqualMs,
                Options = _options,
                Random = random,
                Memory = _memory,
                Index = table.Index,
                Model = model,
            });
        }

        var region = candidates[chosen].Region;
        return new RoutingDecision(RoutingVerdict.Route, snapshot.Intent.Regions[region], region, standing, candidates[chosen].Score);
    }

    /// <summary>The same decision with its reasons. Allocates memory, so use it for display and not on the request path.</summary>
    public RoutingExplanation Explain(DirectorySnapshot snapshot, in RouteRequest request, Random random)
    {
        var decision = Decide(snapshot, request, random);
        var table = RoutingTable.Of(snapshot);
        var model = table.Index.Models.TryGetValue(request.Model, out var at) ? at : -1;
        var set = model < 0 ? null : table.Of(model, request.Version, request.Variant);
        var policy = model < 0 ? _policy : PolicyOf(table.Index, model, request);
        var regions = new RegionExplanation[snapshot.Intent.Regions.Length];
        for (var i = 0; i < regions.Length; i++)
        {
            var member = snapshot.Intent.Regions[i];
            var standing = Stand(member, i, set, request);
            var facts = set is null ? default : set.Facts[i];
            set?.Live(i, _inFlight is null ? (facts.InFlight, 0) : _inFlight.Read(snapshot.Intent, model)[i], request.MostTokens, out facts);
            var score = standing <= RegionStanding.Unheard ? policy.Score(facts) : double.NaN;
            regions[i] = new RegionExplanation(member.Name, standing, Why(standing, member, snapshot.ViewsInOrder[i], request, facts, policy, set?.Portions?[i]), score, facts);
        }

        return new RoutingExplanation(policy.Name, decision.Verdict, Order(snapshot, request, random, decision), regions);
    }

    /// <summary>
    /// Pins a request that names no version to the version that the weights of its model choose, if a region that its data may enter has it ready, see
    /// <see cref="VersionPin"/>. Allocates nothing for a model with one unnamed version.
    /// </summary>
    public static InferRequest Pin(DirectorySnapshot snapshot, InferRequest request, DataBoundary boundary)
    {
        ArgumentNullException.ThrowIfNull(request);
        return request.Hops > 0 || Find(snapshot.Intent, request.Model)?.Deployment is not { } deployment || !VersionPin.Applies(request, deployment)
            ? request
            : Pin(snapshot, request, deployment, boundary);
    }

    private static InferRequest Pin(DirectorySnapshot snapshot, InferRequest request, DeploymentSpec deployment, DataBoundary boundary)
    {
        var table = RoutingTable.Of(snapshot);
        var model = table.Index.Models[request.Model];
        return VersionPin.Of(request, deployment, (table, model, snapshot.Intent, boundary), static (known, version, variant) =>
        {
            var standings = known.table.Of(known.model, version, variant).Standings;
            for (var i = 0; i < standings.Length; i++)
            {
                if (standings[i] <= RegionStanding.Draining && known.boundary.Permits(known.Intent.Regions[i]))
                    return true;
            }

            return false;
        });
    }

    /// <summary>
    /// Names the versions of a model if a request asks for a version that it does not have: none of its deployment, and none that a region reports. Null if it has the
    /// version, or if the intent leaves the version to the regions.
    /// </summary>
    public static string? VersionsIfMissing(DirectorySnapshot snapshot, InferRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.Version is not { } version || Find(snapshot.Intent, request.Model) is not { Deployment: { } deployment } || Array.Exists(deployment.Targets, t => t.Version is null || t.Version == version))
            return null;
        foreach (var view in snapshot.ViewsInOrder)
        {
            if (Array.Exists(view.Models, status => status?.Model == request.Model && status.Version == version))
                return null;
        }

        return string.Join(", ", deployment.Targets.Select(static t => $"'{t.Version}'").Distinct());
    }

    /// <summary>The declaration of a model, or null.</summary>
    public static ModelDeclaration? Find(Intent intent, string model) =>
        IntentIndex.Of(intent).Models.TryGetValue(model, out var at) ? intent.Models[at] : null;

    private IRoutingPolicy PolicyOf(IntentIndex index, int model, in RouteRequest request) =>
        RoutingPolicies.At(index.Policies[model]) ?? (request.Flex && index.HasPrices ? _flex : _policy);

    /// <summary>Collects the regions of the best standing and returns how many there are.</summary>
    private int Gather(
        RoutingTable table,
        CandidateSet set,
        IRoutingPolicy policy,
        int model,
        in RouteRequest request,
        Span<RoutingCandidate> candidates,
        Span<RegionFacts> facts,
        Random random,
        out RegionStanding standing)
    {
        var intent = table.Index.Intent;
        var counted = _inFlight is not null;
        var live = counted || set.IsShort(request.MostTokens);
        var counts = counted ? _inFlight!.Read(intent, model) : default;
        var last = request.LastResort ? RegionStanding.Unheard : RegionStanding.Broken;
        var unrestricted = request.Boundary.IsUnrestricted;
        var best = Rank(last, true);
        var count = 0;
        for (var i = 0; i < candidates.Length; i++)
        {
            var stands = set.Standings[i];
            if (stands > last)
                continue;
            var aside = false;
            if (set.Portions is not null && !set.Portions[i].IsWhole)
                Draw(set.Portions[i], random, ref stands, ref aside);
            var rank = Rank(stands, aside);
            if (rank > best
                || (!request.Excluded.IsEmpty && request.Excluded.IndexOf(intent.Regions[i].Name) >= 0)
                || (!unrestricted && !request.Boundary.Permits(intent.Regions[i])))
                continue;
            if (rank < best)
            {
                best = rank;
                count = 0;
            }

            if (live)
                set.Live(i, counted ? counts[i] : (set.Facts[i].InFlight, 0), request.MostTokens, out facts[i]);
            candidates[count++] = new RoutingCandidate { Region = i, InFlight = facts[i].InFlight, Score = policy.Score(facts[i]) };
        }

        standing = (RegionStanding)(best / 2);
        return count;
    }

    private void Draw(Portion portion, Random random, ref RegionStanding standing, ref bool aside)
    {
        if (portion.HalfOpen && standing < RegionStanding.Broken && random.NextDouble() >= _options.HalfOpenShare)
            standing = RegionStanding.Broken;
        aside = portion.Weight < 1 && random.NextDouble() >= portion.Weight;
    }

    /// <summary>A region that is skipped because of its weight comes after all others of its standing, and before all regions of a worse standing.</summary>
    private static int Rank(RegionStanding standing, bool aside) => ((int)standing * 2) + (aside ? 1 : 0);

    private static RegionStanding Stand(RegionMember member, int region, CandidateSet? set, in RouteRequest request)
    {
        if (!request.Boundary.Permits(member))
            return RegionStanding.Forbidden;
        if (set is null || set.Standings[region] == RegionStanding.NotDeployed)
            return RegionStanding.NotDeployed;
        return request.Excluded.IndexOf(member.Name) >= 0 ? RegionStanding.Excluded : set.Standings[region];
    }

    private static RoutingVerdict Verdict(DirectorySnapshot snapshot, int model, CandidateSet? set, in RouteRequest request)
    {
        if (snapshot.Intent.Epoch == 0 && model < 0)
            return RoutingVerdict.NoIntent;
        Span<int> seen = stackalloc int[(int)RegionStanding.Forbidden + 1];
        seen.Clear();
        for (var i = 0; i < snapshot.Intent.Regions.Length; i++)
            seen[(int)Stand(snapshot.Intent.Regions[i], i, set, request)]++;
        if (!request.Boundary.IsUnrestricted && seen[(int)RegionStanding.Forbidden] == snapshot.Intent.Regions.Length)
            return RoutingVerdict.ResidencyUnavailable;
        if (model < 0)
            return RoutingVerdict.ModelNotFound;
        if (seen[(int)RegionStanding.NotReady] > 0)
            return RoutingVerdict.NotReady;
        if (seen[(int)RegionStanding.Unheard] + seen[(int)RegionStanding.Draining] > 0)
            return RoutingVerdict.RegionLost;
        if (seen[(int)RegionStanding.Excluded] > 0)
            return RoutingVerdict.Exhausted;
        return !request.Boundary.IsUnrestricted ? RoutingVerdict.ResidencyUnavailable : RoutingVerdict.NotReady;
    }

    /// <summary>The order in which a request would try the regions if every attempt failed.</summary>
    private string[] Order(DirectorySnapshot snapshot, in RouteRequest request, Random random, RoutingDecision decision)
    {
        var order = new List<string>();
        var tried = new List<string>(request.Excluded.ToArray());
        while (decision.Choice is { } choice)
        {
            order.Add(choice.Name);
            tried.Add(choice.Name);
            decision = Decide(snapshot, request with { Excluded = tried.ToArray() }, random);
        }

        return [.. order];
    }

    private static string Why(
        RegionStanding standing, RegionMember member, RegionView view, in RouteRequest request, in RegionFacts facts, IRoutingPolicy policy, Portion? portion) => standing switch
        {
            RegionStanding.Forbidden => request.Boundary with { Regions = null } is var law && law.Permits(member)
                ? $"it is not among {string.Join(", ", request.Boundary.Regions ?? [])}"
                : $"jurisdiction '{member.Jurisdiction}' is not among {string.Join(", ", request.Boundary.Jurisdictions ?? [])}",
            RegionStanding.NotDeployed => $"model '{request.Model}' is not deployed to it",
            RegionStanding.Excluded => "already tried for this request",
            RegionStanding.Unheard => $"health is {view.Health}",
            RegionStanding.NotReady => $"no ready replica of '{request.Model}'",
            RegionStanding.Draining => "it is draining and takes nothing new",
            RegionStanding.Broken => "its circuit breaker is open here: too many of the last requests to it failed",
            _ => FormattableString.Invariant(
                $"{standing}: {policy.Name} {policy.Score(facts):F2}, round trip {facts.RoundTripMs:F2} ms, queue {facts.QueueMs:F2} ms, service {facts.ServiceMs:F2} ms, {facts.InFlight} in flight from here")
                + (facts.PricePerHour > 0 ? string.Create(CultureInfo.InvariantCulture, $", {facts.PricePerHour} an hour") : "")
                + (portion is { Weight: < 1 } slow ? string.Create(CultureInfo.InvariantCulture, $", given {slow.Weight:F2} of its share") : "")
                + (portion is { HalfOpen: true } ? ", its circuit breaker is half-open" : ""),
        };
}
