using System.Collections.Frozen;
using CsCheck;
using Meridian.Federation.Tests;
using Meridian.Messages;
using Meridian.Routing.Decision;
using Meridian.Routing.Policies;
using Meridian.Routing.Residency;
using Meridian.Routing.Snapshots;
using Meridian.Routing.Tables;
using Microsoft.Extensions.Time.Testing;

namespace Meridian.Routing.Tests.Decision;

/// <summary>What holds for every directory, also for one full of nonsense.</summary>
public sealed class RoutingProperties
{
    private static readonly Gen<string> Jurisdictions = Gen.OneOf("eu", "us", "apac", "");

    private static readonly Gen<double> Figures = Gen.OneOf(Gen.Double[0, 300], Gen.Double, Gen.OneOf(double.NaN, double.PositiveInfinity, double.NegativeInfinity, -1.0, 0.0));

    private static readonly Gen<ModelStatus> Models =
        from name in Gen.OneOf("minilm", "minilm", "minilm", "phi")
        from numbers in Gen.OneOf(Gen.Int[0, 100], Gen.Int).Array[5]
        from service in Figures
        from paces in Figures.Array[3]
        from slots in Gen.Int[-2, 30]
        from generates in Gen.Frequency((3, Gen.Const(true)), (1, Gen.Const(false)))
        select new ModelStatus
        {
            Model = name,
            Version = "v1@0",
            Variant = "fp32",
            ReadyReplicas = numbers[0],
            InFlight = numbers[1],
            Queued = numbers[2],
            QueueCapacity = numbers[3],
            DesiredReplicas = numbers[4],
            ServiceMs = (float)service,
            Pace = generates ? new TokenPace { TokenMs = (float)paces[0], AloneMs = (float)paces[1], Tokens = (float)paces[2], Slots = slots } : null,
        };

    private static readonly Gen<RegionView> Views =
        from health in Gen.OneOf(RegionHealth.Unknown, RegionHealth.Alive, RegionHealth.Alive, RegionHealth.Suspect, RegionHealth.Dead)
        from roundTrip in Figures
        from inFlight in Gen.Int[-2, 20]
        from models in Models.Array[0, 3]
        from draining in Gen.Frequency((5, Gen.Const(false)), (1, Gen.Const(true)))
        from breaker in Gen.OneOf(BreakerState.Closed, BreakerState.Closed, BreakerState.HalfOpen, BreakerState.Open)
        from weight in Gen.OneOf(Gen.Const(1.0), Gen.Double[0, 1], Figures)
        select new RegionView
        {
            Name = "",
            Health = health,
            RoundTripMs = roundTrip,
            InFlight = inFlight,
            Models = models,
            Draining = draining,
            Breaker = breaker,
            Weight = weight,
        };

    private static readonly Gen<Case> Cases =
        from jurisdictions in Jurisdictions.Array[0, 20]
        from views in Views.Array[20]
        from missing in Gen.Int[0, 30]
        from own in Gen.Int[-1, 5]
        from deployed in Gen.Int[0, 20].Array[0, 3]
        from residency in Gen.OneOf(Gen.Const<string[]>(() => null!), Jurisdictions.Array[0, 3])
        from excluded in Gen.Int[0, 20].Array[0, 4]
        from lastResort in Gen.Bool
        from kind in Gen.OneOf("embedding", "generation")
        from policy in Gen.Int[0, RoutingPolicies.ByName.Count - 1].Select(i => RoutingPolicies.ByName.Keys[i])
        from prices in Figures.Array[20]
        from affinity in Gen.OneOf(Gen.Const(0ul), Gen.ULong)
        from flex in Gen.Bool
        from mostTokens in Gen.Frequency((1, Gen.Const(0)), (1, Gen.Int))
        from seed in Gen.Int
        select new Case(
            new DirectorySnapshot
            {
                Edge = "test",
                OwnRegion = own < 0 ? null : Name(own),
                Intent = Sample.Intent([.. jurisdictions.Select((j, i) => (Name(i), j))]) is var intent ? intent with
                {
                    Regions = [.. intent.Regions.Select((r, i) => r with { PricePerHour = prices[i] })],
                    Models = [new ModelDeclaration { Name = "minilm", Kind = kind, OwnedBy = "test", Regions = [.. deployed.Select(Name)] }],
                } : null!,
                Views = jurisdictions.Select((_, i) => views[i] with { Name = Name(i) }).Where((_, i) => i != missing).ToFrozenDictionary(v => v.Name),
            },
            residency,
            [.. excluded.Select(Name)],
            lastResort,
            policy,
            affinity,
            flex,
            mostTokens,
            seed);

    [Fact]
    public void Data_never_goes_to_a_forbidden_jurisdiction() =>
        Cases.Sample(c => c.Residency is null || c.Order().Select(c.Member).All(m => m.Jurisdiction.Length > 0 && c.Residency.Contains(m.Jurisdiction)));

    [Fact]
    public void A_region_that_is_not_heard_of_is_never_chosen_when_another_can_serve() =>
        Cases.Sample(c =>
        {
            var heard = c.Order().Select(m => c.Snapshot.Views.TryGetValue(m, out var v) && v.Health is RegionHealth.Alive or RegionHealth.Suspect).ToArray();

            // Those heard of stand before all others, and without the last resort there are no others.
            return heard.SequenceEqual(heard.OrderDescending()) && (c.LastResort || heard.All(h => h));
        });

    [Fact]
    public void Only_regions_that_have_the_model_and_were_not_tried_are_chosen_each_once() =>
        Cases.Sample(c =>
        {
            var order = c.Order();
            var deployed = c.Snapshot.Intent.Models[0].Regions;
            return order.Distinct().Count() == order.Length && order.All(m => !c.Excluded.Contains(m) && (deployed.Length == 0 || deployed.Contains(m)));
        });

    [Fact]
    public void The_same_seed_decides_the_same() =>
        Cases.Sample(c => c.Order().SequenceEqual(c.Order()));

    [Fact]
    public void There_is_a_choice_exactly_when_the_verdict_says_so() =>
        Cases.Sample(c =>
        {
            var decision = c.Decide();
            return decision.Verdict == RoutingVerdict.Route
                ? ReferenceEquals(decision.Choice, c.Snapshot.Intent.Regions[decision.Index]) && double.IsFinite(decision.Score)
                : decision.Choice is null && decision.Index == -1;
        });

    [Fact]
    public void The_choice_is_of_the_best_standing_that_there_is_but_for_what_is_drawn() =>
        Cases.Sample(c =>
        {
            var most = c.LastResort ? RegionStanding.Unheard : RegionStanding.Broken;
            var standings = c.Director.Explain(c.Snapshot, c.Request, new Random(c.Seed)).Regions.Select((r, i) => (r.Standing, View: c.Snapshot.ViewsInOrder[i]))
                .Where(r => r.Standing <= most).ToArray();
            var best = standings.Select(r => r.Standing).DefaultIfEmpty(RegionStanding.Forbidden).Min();

            // A half-open breaker is taken for an open one by most.
            var atWorst = standings.Select(r => r.View.Breaker == BreakerState.HalfOpen && r.Standing < RegionStanding.Broken ? RegionStanding.Broken : r.Standing)
                .DefaultIfEmpty(RegionStanding.Forbidden).Min();
            var chosen = c.Decide().Standing;
            return chosen >= best && chosen <= atWorst;
        });

    [Fact]
    public void Scores_are_finite_whatever_the_wire_brings() =>
        Cases.Sample(c =>
        {
            var explanation = c.Director.Explain(c.Snapshot, c.Request, new Random(c.Seed));
            return explanation.Regions.All(r => r.Standing > RegionStanding.Unheard ? double.IsNaN(r.Score) : double.IsFinite(r.Score) && r.Score >= 0);
        });

    private static string Name(int index) => $"region-{index}";

    private sealed record Case(DirectorySnapshot Snapshot, string[]? Residency, string[] Excluded, bool LastResort, string Policy, ulong Affinity, bool Flex, int MostTokens, int Seed)
    {
        public RouteRequest Request => new()
        {
            Model = "minilm",
            Boundary = new DataBoundary(Residency, null),
            Excluded = Excluded,
            LastResort = LastResort,
            Affinity = Affinity,
            Flex = Flex,
            MostTokens = MostTokens,
        };

        public RoutingDirector Director { get; } = new(RoutingPolicies.ByName[Policy], 5, memory: new RoutingMemory(new FakeTimeProvider()));

        public RoutingDecision Decide() => Director.Decide(Snapshot, Request, new Random(Seed));

        public string[] Order() => new RoutingDirector(RoutingPolicies.ByName[Policy], 5, memory: new RoutingMemory(new FakeTimeProvider())).Order(Snapshot, Request, new Random(Seed));

        public RegionMember Member(string name) => Snapshot.Intent.Regions.Single(r => r.Name == name);
    }
}
