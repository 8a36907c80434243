using CsCheck;
using Meridian.Federation.Tests;
using Meridian.Messages;
using Meridian.Routing.Decision;
using Meridian.Routing.Options;
using Meridian.Routing.Policies;
using Meridian.Routing.Residency;
using Meridian.Routing.Snapshots;
using Meridian.Routing.Tables;
using Microsoft.Extensions.Time.Testing;

namespace Meridian.Routing.Tests.Policies;

/// <summary>What each policy promises beside what holds for all.</summary>
public sealed class PolicyTests
{
    private static readonly string[] Names = ["a", "b", "c", "d"];
    private readonly TestDirectory _directory = new([.. Names.Select(n => (n, "eu"))]);
    private readonly InFlightLedger _inFlight = new();
    private readonly FakeTimeProvider _time = new();
    private readonly Random _random = new(1);
    private readonly RoutingMemory _memory;

    public PolicyTests() => _memory = new RoutingMemory(_time);

    [Fact]
    public void No_policy_prefers_a_region_for_being_worse() =>
        Gen.Select(Gen.Int[0, RoutingPolicies.ByName.Count - 1], Gen.Double[0, 1e4].Array[4], Gen.Double[0, 1e4].Array[4]).Sample((policy, facts, more) =>
        {
            var weighs = RoutingPolicies.ByName.Values[policy];
            var score = weighs.Score(Facts(facts));
            return double.IsFinite(score) && score >= 0 && weighs.Score(Facts([.. facts.Zip(more, (f, m) => f + m)])) >= score;

            static RegionFacts Facts(double[] of) => new() { RoundTripMs = of[0], QueueMs = of[1], ServiceMs = of[2], LoadPerReplica = of[3] };
        });

    [Fact]
    public void Power_of_two_takes_the_better_of_two()
    {
        Distances(10, 20, 30, 400);
        var chosen = Choose("power-of-two", 12_000);

        // Of six pairs the first wins the three it is in, the second two, the third one.
        Assert.InRange(chosen["a"], 5_700, 6_300);
        Assert.InRange(chosen["b"], 3_700, 4_300);
        Assert.InRange(chosen["c"], 1_800, 2_200);
        Assert.DoesNotContain("d", chosen.Keys);
    }

    [Fact]
    public void A_region_of_weight_w_gets_about_w_of_its_fair_share() =>
        Gen.Select(Gen.Double[0.1, 1], Gen.Int[0, 3]).Sample(
            (weight, region) =>
            {
                var directory = new TestDirectory([.. Names.Select(n => (n, "eu"))]);
                directory.Change(Names[region], v => v with { Weight = weight });
                var director = new RoutingDirector(RoutingPolicies.ByName[RoutingPolicyNames.Default], 5);
                var random = new Random(region + (int)(weight * 1000));
                var count = 0;
                for (var i = 0; i < 20_000; i++)
                    count += director.Decide(directory.Current, new RouteRequest { Model = "minilm" }, random).Index == region ? 1 : 0;

                // Five standard deviations.
                var expected = weight / 4;
                Assert.InRange(count / 20_000.0, expected - 0.016, expected + 0.016);
            },
            iter: 20);

    [Fact]
    public void A_region_that_warms_up_is_better_than_none_or_a_lesser_one()
    {
        foreach (var name in Names)
            _directory.Change(name, v => v with { Weight = 0.001, RoundTripMs = name == "a" ? 1 : 100 });
        Assert.Equal("a", Choose("nearest", 1).Keys.Single());
        foreach (var name in Names[1..])
            _directory.Change(name, v => v with { Health = RegionHealth.Suspect, Weight = 1 });
        Assert.Equal(["a"], Choose("nearest", 100).Keys);
    }

    [Fact]
    public void What_this_edge_has_sent_since_the_last_report_counts()
    {
        Distances(10, 30, 200, 200);
        foreach (var name in Names)
            _directory.Load(name, Sample.Model(serviceMs: 10));
        Assert.Equal("a", Choose(RoutingPolicyNames.Default, 1).Keys.Single());

        // Four on one replica: three wait, 30 ms, so 50 against 40.
        var entries = Enumerable.Range(0, 4).Select(_ => _inFlight.Enter("a", "minilm")).ToArray();
        Assert.Equal("b", Choose(RoutingPolicyNames.Default, 1).Keys.Single());

        // Another model's do not.
        foreach (var entry in entries)
            entry.Dispose();
        entries = [.. Enumerable.Range(0, 4).Select(_ => _inFlight.Enter("a", "another"))];
        Assert.Equal("a", Choose(RoutingPolicyNames.Default, 1).Keys.Single());

        // Nor do those that the region has reported.
        using var three = _inFlight.Enter("a", "minilm");
        using var four = _inFlight.Enter("a", "minilm");
        using var five = _inFlight.Enter("a", "minilm");
        using var six = _inFlight.Enter("a", "minilm");
        Assert.Equal("b", Choose(RoutingPolicyNames.Default, 1).Keys.Single());
        _inFlight.Heard("a");
        Assert.Equal("a", Choose(RoutingPolicyNames.Default, 1).Keys.Single());
    }

    [Fact]
    public void Affinity_keeps_a_key_in_one_region_and_spreads_keys_by_replicas()
    {
        Distances(10, 20, 30, 40);
        _directory.Load("b", Sample.Model(ready: 3));
        var homes = Homes(6_000);

        Assert.Equal(homes, Homes(6_000));
        var counts = homes.Values.CountBy(h => h).ToDictionary();
        Assert.InRange(counts["b"], 2_800, 3_200);
        Assert.All(new[] { "a", "c", "d" }, n => Assert.InRange(counts[n], 880, 1_120));

        // Only what was the lost region's moves.
        _directory.Die("c");
        var after = Homes(6_000);
        Assert.All(homes, h => Assert.True(h.Value == "c" ? after[h.Key] != "c" : after[h.Key] == h.Value));
    }

    [Fact]
    public void Affinity_ends_where_a_region_is_too_far_or_too_busy()
    {
        Distances(10, 20, 30, 500);
        _directory.Load("b", Sample.Model(queued: 90));
        var before = Homes(2_000);
        Assert.Equal(["a", "c"], before.Values.Distinct().Order());

        // 33 more than elsewhere: what was its own goes to the next, all else stays.
        var entries = Enumerable.Range(0, 33).Select(_ => _inFlight.Enter("a", "another")).ToArray();
        Assert.Equal(["c"], Homes(2_000).Values.Distinct());
        entries[0].Dispose();
        Assert.Equal(before, Homes(2_000));
    }

    [Fact]
    public void Two_edges_at_different_places_send_a_key_to_the_same_region()
    {
        Distances(10, 20, 30, 40);
        var here = Homes(500);
        Distances(60, 50, 10, 20);
        Assert.Equal(here, Homes(500));
    }

    [Fact]
    public void Without_affinity_the_policy_goes_by_expected_completion()
    {
        Distances(100, 20, 80, 90);
        Assert.Equal(["b"], Choose("affinity", 50).Keys);
    }

    [Fact]
    public void Price_takes_the_cheapest_that_answers_in_time()
    {
        Distances(10, 200, 100, 150);
        Prices(3, 1, 1, 0);
        Assert.Equal(["b", "c"], Choose("price", 200).Keys.Order());

        // The busier of two as cheap is left to others, and one whose queue is beyond the bound is no bargain.
        _directory.Load("b", Sample.Model(queued: 9));
        Assert.Equal(["c"], Choose("price", 200).Keys);
        _directory.Load("c", Sample.Model(queued: 90, serviceMs: 500));
        _directory.Load("b", Sample.Model(queued: 90, serviceMs: 500));
        Assert.Equal(["a"], Choose("price", 200).Keys);
    }

    [Fact]
    public void Price_fills_what_lies_idle_in_the_cheaper_region_and_no_more()
    {
        GeneratesText();
        Distances(10, 60, 60, 100);
        Prices(3, 2, 1, 4);
        foreach (var name in Names)
            _directory.Load(name, Generating(busy: 11));
        Assert.Equal(["c"], Choose("price", 100).Keys);

        // At half of its slots it is idle no more, nor with what this edge has sent there since.
        _directory.Load("c", Generating(busy: 12));
        Assert.Equal(["b"], Choose("price", 100).Keys);
        using var sent = _inFlight.Enter("b", "minilm");
        Assert.Equal(["a"], Choose("price", 100).Keys);
        _directory.Load("a", Generating(busy: 12));

        // None is: the answer that is expected first, as for all other work.
        Assert.Equal(Choose(RoutingPolicyNames.Default, 100).Keys, Choose("price", 100).Keys);
    }

    [Fact]
    public void Near_equal_texts_stay_nearby_and_conversations_where_they_are()
    {
        GeneratesText();
        Distances(0, 40, 80, 120);
        foreach (var name in Names)
            _directory.Load(name, Generating(busy: 8, tokenMs: 28));
        _directory.Publish(_directory.Current with { OwnRegion = "a" });
        _directory.Load("a", Generating(busy: 10, tokenMs: 30));
        Assert.Equal(["a"], Choose(RoutingPolicyNames.Default, 100).Keys);

        // An edge that belongs to no region takes the nearest.
        _directory.Publish(_directory.Current with { OwnRegion = null });
        Assert.Equal(["a"], Choose(RoutingPolicyNames.Default, 100).Keys);

        // More than a tenth slower, it is left: by conversations to the same region each, by what belongs to none to any of the rest.
        _directory.Load("a", Generating(busy: 16, tokenMs: 36));
        Assert.Equal(["b", "c", "d"], Choose(RoutingPolicyNames.Default, 300).Keys.Order());
        var homes = Homes(600, RoutingPolicyNames.Default);
        Assert.Equal(homes, Homes(600, RoutingPolicyNames.Default));
        Assert.Equal(["b", "c", "d"], homes.Values.Distinct().Order());
    }

    [Fact]
    public void Without_any_price_the_policy_goes_by_expected_completion()
    {
        Distances(100, 20, 80, 90);
        Assert.Equal(["b"], Choose("price", 50).Keys);
    }

    [Fact]
    public void Spill_over_leaves_the_nearest_region_only_for_what_it_cannot_take()
    {
        Distances(10, 40, 80, 80);
        _directory.Load("a", Sample.Model(queued: 49));
        Assert.Equal(["a"], Choose("spill-over", 100).Keys);

        // Past 100 ms of waiting half of its share goes to the next nearest, and no more until what waits has had time to drain.
        _directory.Load("a", Sample.Model(queued: 60));
        Assert.Equal("a", Choose("nearest", 1).Keys.Single());
        var chosen = Choose("spill-over", 2_000);
        Assert.InRange(chosen["a"], 900, 1_100);
        Assert.Equal(2_000, chosen["a"] + chosen["b"]);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.InRange(Choose("spill-over", 2_000)["a"], 400, 600);

        // It comes back when it has been below the low mark for a while, step by step.
        _directory.Load("a", Sample.Model(queued: 9));
        Choose("spill-over", 1);
        _time.Advance(TimeSpan.FromSeconds(1.9));
        Assert.InRange(Choose("spill-over", 2_000)["a"], 400, 600);
        for (var i = 0; i < 20; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(0.25));
            Choose("spill-over", 1);
        }

        Assert.Equal(["a"], Choose("spill-over", 100).Keys);
    }

    [Fact]
    public void Spill_over_keeps_its_shares_when_the_intent_changes()
    {
        Distances(10, 40, 80, 80);
        _directory.Load("a", Sample.Model(queued: 60));
        Choose("spill-over", 1);
        var intent = _directory.Current.Intent;
        _directory.Publish(_directory.Current with
        {
            Intent = intent with { Regions = [.. intent.Regions.Reverse()], Models = [intent.Models[0] with { Name = "another" }, intent.Models[0]] },
        });
        Assert.InRange(Choose("spill-over", 2_000)["a"], 900, 1_100);
    }

    [Fact]
    public void A_share_moves_only_past_the_marks_and_stays_a_share() =>
        Gen.Select(Gen.Double[0, 300], Gen.Int[0, 3000]).Array[1, 60].Sample(steps =>
        {
            var options = new RoutingOptions();
            var state = SpillState.Whole;
            long now = 0;
            foreach (var (queueMs, passMs) in steps)
            {
                now += passMs;
                var next = state.Next(queueMs, now, options);
                Assert.InRange(next.Share, 0, 1);
                Assert.True(next.Share >= state.Share || queueMs > options.HighWaterMs);
                Assert.True(next.Share <= state.Share || queueMs < options.LowWaterMs);

                // Cut by no more than a half, raised by no more than a step, at one time.
                Assert.InRange(next.Share - state.Share, -1 / 2.0, SpillState.Step + 1e-9);
                state = next;
                Assert.Equal(state.Share, state.Next((options.HighWaterMs + options.LowWaterMs) / 2, now, options).Share);
            }
        });

    [Fact]
    public void A_decision_allocates_nothing_once_its_model_has_been_decided_on()
    {
        var directory = new TestDirectory([.. Enumerable.Range(0, 50).Select(i => ($"region-{i}", i % 2 == 0 ? "eu" : "us"))]);
        directory.Change("region-7", v => v with { Weight = 0.5 });
        directory.Load("region-8", Sample.Model(queued: 99, serviceMs: 20));
        DataBoundary[] boundaries = [DataBoundary.None, new DataBoundary(["eu", "ch"], null)];
        string[] excluded = ["region-3"];
        var generates = new TestDirectory([.. Enumerable.Range(0, 50).Select(i => ($"region-{i}", i % 2 == 0 ? "eu" : "us"))]);
        foreach (var member in generates.Current.Intent.Regions)
            generates.Load(member.Name, Generating(busy: 8));
        generates.Publish(generates.Current with { Intent = generates.Current.Intent with { Models = [new ModelDeclaration { Name = "minilm", Kind = "generation", OwnedBy = "test" }] } });
        foreach (var policy in RoutingPolicies.ByName.Keys)
        {
            foreach (var snapshot in new[] { directory.Current, generates.Current })
            {
                var director = Director(policy);
                Decide(snapshot, director);

                // A collection that another test causes counts what is left of this thread's allocation buffer (8 KiB) as allocated: too little for an object in one of ten decisions.
                var before = GC.GetAllocatedBytesForCurrentThread();
                for (var i = 0; i < 10_000; i++)
                    Decide(snapshot, director);
                Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 3 * 8192 - 1);
            }
        }

        void Decide(DirectorySnapshot snapshot, RoutingDirector director)
        {
            foreach (var boundary in boundaries)
                Assert.NotNull(director.Decide(snapshot, new RouteRequest { Model = "minilm", Boundary = boundary, Excluded = excluded, Affinity = 42, MostTokens = 50 }, _random).Choice);
        }
    }

    [Fact]
    public void Counts_stay_exact_for_many_regions_and_threads()
    {
        var intent = Sample.Intent([.. Enumerable.Range(0, 200).Select(i => ($"region-{i}", "eu"))]);
        Parallel.For(0, 4_000, i =>
        {
            using var entry = _inFlight.Enter($"region-{i % 200}", "minilm");
            if (i % 20 == 0)
                _inFlight.Heard($"region-{i % 200}");
            _ = _inFlight.Read(intent, 0)[i % 200];
        });
        var kept = Enumerable.Range(0, 200).SelectMany(i => Enumerable.Range(0, i % 3).Select(_ => _inFlight.Enter($"region-{i}", "minilm"))).ToArray();
        var counts = _inFlight.Read(intent, 0);
        for (var i = 0; i < 200; i++)
            Assert.Equal((i % 3, i % 3), (_inFlight.Count($"region-{i}"), counts[i].InFlight));
        foreach (var entry in kept)
            entry.Dispose();
        Assert.All(intent.Regions, r => Assert.Equal(0, _inFlight.Count(r.Name)));
    }

    private Dictionary<string, int> Choose(string policy, int count)
    {
        var director = Director(policy);
        return Enumerable.Range(0, count).Select(_ => director.Decide(_directory.Current, new RouteRequest { Model = "minilm" }, _random).Choice!.Name).CountBy(n => n).ToDictionary();
    }

    private static ModelStatus Generating(int busy, float tokenMs = 30) =>
        Sample.Model() with { InFlight = busy, Pace = new TokenPace { TokenMs = tokenMs, AloneMs = 20, Tokens = 100, Slots = 24 } };

    private void GeneratesText() =>
        _directory.Publish(_directory.Current with { Intent = _directory.Current.Intent with { Models = [new ModelDeclaration { Name = "minilm", Kind = "generation", OwnedBy = "test" }] } });

    private Dictionary<int, string> Homes(int keys, string policy = "affinity")
    {
        var director = Director(policy);
        return Enumerable.Range(1, keys).ToDictionary(
            k => k, k => director.Decide(_directory.Current, new RouteRequest { Model = "minilm", Affinity = (ulong)k * 0x9E3779B97F4A7C15 }, _random).Choice!.Name);
    }

    private RoutingDirector Director(string policy) => new(RoutingPolicies.ByName[policy], 5, _inFlight, memory: _memory);

    private void Distances(params double[] ms)
    {
        for (var i = 0; i < ms.Length; i++)
            _directory.Change(Names[i], v => v with { RoundTripMs = ms[i] });
    }

    private void Prices(params double[] prices)
    {
        var intent = _directory.Current.Intent;
        _directory.Publish(_directory.Current with { Intent = intent with { Regions = [.. intent.Regions.Select((r, i) => r with { PricePerHour = prices[i] })] } });
    }
}
