using System.Collections.Frozen;
using CsCheck;
using Meridian.Federation.Directory;
using Meridian.Federation.Routing;
using Meridian.Federation.Sovereignty;
using Meridian.Messages;

namespace Meridian.Federation.Tests.Routing;

/// <summary>What holds for every directory, also for one full of nonsense.</summary>
public sealed class RoutingProperties
{
    private static readonly Gen<string> Jurisdictions = Gen.OneOf("eu", "us", "apac", "");

    private static readonly Gen<double> Figures = Gen.OneOf(Gen.Double[0, 300], Gen.Double, Gen.OneOf(double.NaN, double.PositiveInfinity, double.NegativeInfinity, -1.0, 0.0));

    private static readonly Gen<ModelStatus> Models =
        from name in Gen.OneOf("minilm", "minilm", "minilm", "phi")
        from numbers in Gen.OneOf(Gen.Int[0, 100], Gen.Int).Array[5]
        from service in Figures
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
        };

    private static readonly Gen<RegionView> Views =
        from health in Gen.OneOf(RegionHealth.Unknown, RegionHealth.Alive, RegionHealth.Alive, RegionHealth.Suspect, RegionHealth.Dead)
        from roundTrip in Figures
        from inFlight in Gen.Int[-2, 20]
        from models in Models.Array[0, 3]
        select new RegionView { Name = "", Health = health, RoundTripMs = roundTrip, InFlight = inFlight, Models = models };

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
        from policy in Gen.OneOf("expected-completion", "nearest", "least-load")
        from seed in Gen.Int
        select new Case(
            new DirectorySnapshot
            {
                Edge = "test",
                OwnRegion = own < 0 ? null : Name(own),
                Intent = Sample.Intent([.. jurisdictions.Select((j, i) => (Name(i), j))]) with
                {
                    Models = [new ModelDeclaration { Name = "minilm", Kind = kind, OwnedBy = "test", Regions = [.. deployed.Select(Name)] }],
                },
                Views = jurisdictions.Select((_, i) => views[i] with { Name = Name(i) }).Where((_, i) => i != missing).ToFrozenDictionary(v => v.Name),
            },
            residency,
            [.. excluded.Select(Name)],
            lastResort,
            policy,
            seed);

    [Fact]
    public void Data_never_goes_to_a_forbidden_jurisdiction() =>
        Cases.Sample(c => c.Residency is null || c.Decide().Order.All(m => m.Jurisdiction.Length > 0 && c.Residency.Contains(m.Jurisdiction)));

    [Fact]
    public void A_region_that_is_not_heard_of_is_never_chosen_when_another_can_serve() =>
        Cases.Sample(c =>
        {
            var decision = c.Decide();
            var heard = decision.Order.Select(m => c.Snapshot.Views.TryGetValue(m.Name, out var v) && v.Health is RegionHealth.Alive or RegionHealth.Suspect).ToArray();

            // Those heard of stand before all others, and without the last resort there are no others.
            return heard.SequenceEqual(heard.OrderDescending()) && (c.LastResort || heard.All(h => h));
        });

    [Fact]
    public void Only_regions_that_have_the_model_and_were_not_tried_are_chosen_each_once() =>
        Cases.Sample(c =>
        {
            var order = c.Decide().Order;
            var deployed = c.Snapshot.Intent.Models[0].Regions;
            return order.Distinct().Count() == order.Length && order.All(m => !c.Excluded.Contains(m.Name) && (deployed.Length == 0 || deployed.Contains(m.Name)));
        });

    [Fact]
    public void The_same_seed_decides_the_same() =>
        Cases.Sample(c => c.Decide().Order.SequenceEqual(c.Decide().Order));

    [Fact]
    public void There_is_a_choice_exactly_when_the_verdict_says_so() =>
        Cases.Sample(c =>
        {
            var decision = c.Decide();
            return (decision.Verdict == RoutingVerdict.Route) == (decision.Choice is not null);
        });

    [Fact]
    public void Scores_are_finite_whatever_the_wire_brings() =>
        Cases.Sample(c =>
        {
            var explanation = new RoutingDirector(RoutingPolicies.ByName[c.Policy], 5).Explain(c.Snapshot, c.Request, new Random(c.Seed));
            return explanation.Regions.All(r => r.Standing > RegionStanding.Unheard ? double.IsNaN(r.Score) : double.IsFinite(r.Score) && r.Score >= 0);
        });

    private static string Name(int index) => $"region-{index}";

    private sealed record Case(DirectorySnapshot Snapshot, string[]? Residency, string[] Excluded, bool LastResort, string Policy, int Seed)
    {
        public RouteRequest Request => new() { Model = "minilm", Boundary = new DataBoundary(Residency, null), Excluded = Excluded, LastResort = LastResort };

        public RoutingDecision Decide() => new RoutingDirector(RoutingPolicies.ByName[Policy], 5).Decide(Snapshot, Request, new Random(Seed));
    }
}
