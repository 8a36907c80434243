using Meridian.Federation.Tests;
using Meridian.Messages;
using Meridian.Routing.Decision;
using Meridian.Routing.Policies;
using Meridian.Routing.Residency;
using Meridian.Routing.Snapshots;
using Meridian.Routing.Tables;

namespace Meridian.Routing.Tests.Decision;

public sealed class RoutingDirectorTests
{
    private readonly TestDirectory _directory = new(("eastus", "us"), ("westeurope", "eu"), ("southeastasia", "apac"));
    private readonly InFlightLedger _inFlight = new();

    [Fact]
    public void The_nearest_idle_region_is_chosen_and_the_rest_follows_by_expected_completion()
    {
        Distances(80, 20, 200);

        Assert.Equal(["westeurope", "eastus", "southeastasia"], Order(new RouteRequest { Model = "minilm" }));
    }

    [Fact]
    public void A_queue_outweighs_distance()
    {
        Distances(80, 20, 200);
        _directory.Load("westeurope", Sample.Model(queued: 60));

        // 20 + 60 * 2 + 2 = 142 ms against 80 + 2.
        Assert.Equal("eastus", Order(new RouteRequest { Model = "minilm" })[0]);

        _directory.Load("westeurope", Sample.Model(ready: 4, queued: 60));
        Assert.Equal("westeurope", Order(new RouteRequest { Model = "minilm" })[0]);
    }

    [Fact]
    public void What_callers_asked_of_a_region_does_not_send_streams_away_from_it()
    {
        GeneratesText();
        Distances(80, 20, 200);

        // Longer texts than elsewhere, and an idle engine whose figure has sunk.
        _directory.Load("westeurope", Sample.Model(serviceMs: 9000) with { InFlight = 40 });
        _directory.Load("eastus", Sample.Model(serviceMs: 5000) with { InFlight = 10 });
        _directory.Load("southeastasia", Sample.Model(serviceMs: 1));
        Assert.Equal(["westeurope", "eastus", "southeastasia"], Order(new RouteRequest { Model = "minilm" }));

        // More than lengths explain: it is slow.
        _directory.Load("westeurope", Sample.Model(serviceMs: 50_000) with { InFlight = 40 });
        Assert.Equal(["eastus", "southeastasia", "westeurope"], Order(new RouteRequest { Model = "minilm" }));

        // When it is idle it is tried again.
        _directory.Load("westeurope", Sample.Model(serviceMs: 50_000));
        Assert.Equal("westeurope", Order(new RouteRequest { Model = "minilm" })[0]);
    }

    [Fact]
    public void Streams_that_wait_are_served_as_running_ones_end()
    {
        GeneratesText();
        Distances(80, 20, 200);
        _directory.Load("westeurope", Sample.Model(queued: 1, serviceMs: 2000) with { InFlight = 64 });
        Assert.Equal("westeurope", Order(new RouteRequest { Model = "minilm" })[0]);

        // 20 + 10 * 2000 / 64 = 333 ms against 80, and 2000 for all: more than a tenth.
        _directory.Load("westeurope", Sample.Model(queued: 10, serviceMs: 2000) with { InFlight = 64 });
        Assert.Equal("eastus", Order(new RouteRequest { Model = "minilm" })[0]);
    }

    [Fact]
    public void A_region_that_generates_faster_is_worth_its_distance_for_long_texts_only()
    {
        GeneratesText();
        Distances(20, 80, 200);
        _directory.Load("eastus", Generating(busy: 8, tokenMs: 40, aloneMs: 20, tokens: 100));
        _directory.Load("westeurope", Generating(busy: 1, tokenMs: 20, aloneMs: 20, tokens: 300));
        _directory.Load("southeastasia", Generating(busy: 20, tokenMs: 60, aloneMs: 20, tokens: 200));

        // 200 tokens everywhere: their lengths so far say nothing of speed.
        var explained = Director().Explain(_directory.Current, new RouteRequest { Model = "minilm" }, new Random(1)).Regions;
        Assert.All(explained, r => Assert.InRange(r.Facts.ServiceMs, 200 * 20, 200 * 65));
        Assert.Equal(["westeurope", "eastus", "southeastasia"], Order(new RouteRequest { Model = "minilm" }));
        Assert.Equal(["eastus", "westeurope", "southeastasia"], Order(new RouteRequest { Model = "minilm", MostTokens = 2 }));
        Assert.Equal("westeurope", Decide(new RouteRequest { Model = "minilm", MostTokens = 100_000 }).Choice!.Name);

        // Without live counts the same.
        var uncounted = new RoutingDirector(RoutingPolicies.ByName[RoutingPolicyNames.Default], 5);
        Assert.Equal("eastus", uncounted.Decide(_directory.Current, new RouteRequest { Model = "minilm", MostTokens = 2 }, new Random(1)).Choice!.Name);
        Assert.Equal("westeurope", uncounted.Decide(_directory.Current, new RouteRequest { Model = "minilm" }, new Random(1)).Choice!.Name);
    }

    [Fact]
    public void Sequences_wait_for_a_slot_and_slow_each_other_as_they_were_seen_to()
    {
        GeneratesText();
        Distances(20, 20, 20);
        _directory.Load("eastus", Generating(busy: 5, tokenMs: 28, aloneMs: 20, tokens: 100));
        _directory.Load("westeurope", Generating(busy: 24, tokenMs: 66, aloneMs: 20, tokens: 100));
        _directory.Load("southeastasia", Generating(busy: 24, tokenMs: 66, aloneMs: 20, tokens: 100, queued: 12));

        // Each beside another adds 2 ms to a step: so would the next one. Twelve wait for 24 slots that take 66 ms a token: half of what a sequence takes.
        Assert.Equal((0, 3000), Times("eastus"));
        Assert.Equal((0, 6600), Times("westeurope"));
        Assert.Equal((3300, 6600), Times("southeastasia"));

        // Three sent since then, and one has ended.
        using var one = _inFlight.Enter("eastus", "minilm");
        using var two = _inFlight.Enter("eastus", "minilm");
        using var three = _inFlight.Enter("westeurope", "minilm");
        Assert.Equal((0, 3400), Times("eastus"));
        Assert.Equal((275, 6600), Times("westeurope"));
        var ended = _inFlight.Enter("eastus", "minilm");
        _inFlight.Heard("eastus");
        _ = Times("eastus");
        ended.Dispose();
        Assert.Equal((0, 2800), Times("eastus"));

        (double, double) Times(string region)
        {
            var facts = Director().Explain(_directory.Current, new RouteRequest { Model = "minilm" }, new Random(1)).Regions.Single(r => r.Region == region).Facts;
            return (Math.Round(facts.QueueMs), Math.Round(facts.ServiceMs));
        }
    }

    [Fact]
    public void An_idle_region_is_tried_again_and_is_no_faster_than_the_fastest_alone()
    {
        GeneratesText();
        Distances(20, 80, 200);
        _directory.Load("eastus", Generating(busy: 1, tokenMs: 30, aloneMs: 30, tokens: 100));
        _directory.Load("westeurope", Generating(busy: 0, tokenMs: 60, aloneMs: 60, tokens: 100));
        _directory.Load("southeastasia", Generating(busy: 0, tokenMs: 0.1f, aloneMs: 30, tokens: 100));
        Assert.Equal(["eastus", "southeastasia", "westeurope"], Order(new RouteRequest { Model = "minilm" }));

        // Its figure has sunk as far as it can: the nearest of equals still serves.
        _directory.Load("westeurope", Generating(busy: 0, tokenMs: 0, aloneMs: 60, tokens: 100));
        Assert.Equal(["eastus", "westeurope", "southeastasia"], Order(new RouteRequest { Model = "minilm" }));
        _directory.Load("eastus", Generating(busy: 8, tokenMs: 45, aloneMs: 30, tokens: 100));
        Assert.Equal("westeurope", Order(new RouteRequest { Model = "minilm" })[0]);
    }

    [Fact]
    public void While_a_region_does_not_report_its_pace_all_are_weighed_by_what_all_report()
    {
        GeneratesText();
        Distances(80, 20, 200);
        _directory.Load("eastus", Generating(busy: 4, tokenMs: 20, aloneMs: 20, tokens: 100) with { ServiceMs = 5000 });
        _directory.Load("westeurope", Sample.Model(serviceMs: 9000) with { InFlight = 40 });
        _directory.Load("southeastasia", Generating(busy: 0, tokenMs: 1, aloneMs: 1, tokens: 100) with { ServiceMs = 1 });
        Assert.Equal(["westeurope", "eastus", "southeastasia"], Order(new RouteRequest { Model = "minilm" }));
    }

    [Fact]
    public void Data_goes_nowhere_it_may_not_go()
    {
        Distances(1, 50, 1);

        Assert.Equal(["westeurope"], Order(new RouteRequest { Model = "minilm", Boundary = new DataBoundary(["EU"], null) }));
        Assert.Equal(RoutingVerdict.ResidencyUnavailable, Decide(new RouteRequest { Model = "minilm", Boundary = new DataBoundary(["mars"], null) }).Verdict);
        Assert.Equal(RoutingVerdict.ResidencyUnavailable, Decide(new RouteRequest { Model = "minilm", Boundary = new DataBoundary([], null) }).Verdict);
        _directory.Die("westeurope");
        Assert.Equal(RoutingVerdict.RegionLost, Decide(new RouteRequest { Model = "minilm", Boundary = new DataBoundary(["eu"], null) }).Verdict);
    }

    [Fact]
    public void A_region_of_unknown_jurisdiction_is_closed_to_restricted_data()
    {
        var intent = _directory.Current.Intent;
        _directory.Publish(_directory.Current with { Intent = intent with { Regions = [intent.Regions[0] with { Jurisdiction = "" }] } });

        Assert.Equal(RoutingVerdict.ResidencyUnavailable, Decide(new RouteRequest { Model = "minilm", Boundary = new DataBoundary([""], null) }).Verdict);
        Assert.Equal(RoutingVerdict.Route, Decide(new RouteRequest { Model = "minilm" }).Verdict);
    }

    [Fact]
    public void Why_there_is_no_choice_is_told_apart()
    {
        Assert.Equal(RoutingVerdict.ModelNotFound, Decide(new RouteRequest { Model = "gpt" }).Verdict);
        Assert.Equal(RoutingVerdict.Exhausted, Decide(new RouteRequest { Model = "minilm", Excluded = (string[])["eastus", "westeurope", "southeastasia"] }).Verdict);
        foreach (var region in new[] { "eastus", "westeurope", "southeastasia" })
            _directory.Load(region, Sample.Model(ready: 0));
        Assert.Equal(RoutingVerdict.NotReady, Decide(new RouteRequest { Model = "minilm" }).Verdict);
        foreach (var region in new[] { "eastus", "westeurope", "southeastasia" })
            _directory.Die(region);
        Assert.Equal(RoutingVerdict.RegionLost, Decide(new RouteRequest { Model = "minilm" }).Verdict);
        _directory.Publish(_directory.Current with { Intent = Intent.Empty });
        Assert.Equal(RoutingVerdict.NoIntent, Decide(new RouteRequest { Model = "minilm" }).Verdict);
    }

    [Fact]
    public void A_model_is_served_only_where_it_is_deployed()
    {
        var intent = _directory.Current.Intent;
        _directory.Publish(_directory.Current with { Intent = intent with { Models = [intent.Models[0] with { Regions = ["southeastasia"] }] } });

        Assert.Equal(["southeastasia"], Order(new RouteRequest { Model = "minilm" }));
        Assert.Equal(RoutingVerdict.ResidencyUnavailable, Decide(new RouteRequest { Model = "minilm", Boundary = new DataBoundary(["eu"], null) }).Verdict);
    }

    [Fact]
    public void A_pinned_version_is_served_only_where_it_is_ready()
    {
        _directory.Load("eastus", Sample.Model() with { Version = "v2@1" }, Sample.Model());

        Assert.Equal(["eastus"], Order(new RouteRequest { Model = "minilm", Version = "v2@1" }));
        Assert.Equal(RoutingVerdict.NotReady, Decide(new RouteRequest { Model = "minilm", Variant = "int4" }).Verdict);
    }

    [Fact]
    public void Full_and_suspect_regions_come_last_and_dead_ones_only_when_asked_for()
    {
        var intent = Sample.Intent(("dead", "eu"), ("suspect-full", "eu"), ("suspect", "eu"), ("full", "eu"), ("far", "eu"), ("unknown", "eu"));
        var directory = new TestDirectory([.. intent.Regions.Select(r => (r.Name, r.Jurisdiction))]);
        directory.Die("dead");
        directory.Change("dead", v => v with { RoundTripMs = 50 });
        directory.Change("unknown", v => v with { Health = RegionHealth.Unknown, Models = [] });
        directory.Change("suspect", v => v with { Health = RegionHealth.Suspect });
        directory.Change("suspect-full", v => v with { Health = RegionHealth.Suspect, Models = [Sample.Model(queued: 100)] });
        directory.Load("full", Sample.Model(queued: 100));
        directory.Change("far", v => v with { RoundTripMs = 500 });

        Assert.Equal(["far", "full", "suspect", "suspect-full"], Director().Order(directory.Current, new RouteRequest { Model = "minilm" }, new Random(1)));
        Assert.Equal(
            ["far", "full", "suspect", "suspect-full", "unknown", "dead"],
            Director().Order(directory.Current, new RouteRequest { Model = "minilm", LastResort = true }, new Random(1)));
    }

    [Fact]
    public void Broken_regions_come_after_suspect_ones_and_draining_ones_only_as_the_last_resort()
    {
        _directory.Change("eastus", v => v with { Breaker = BreakerState.Open });
        _directory.Change("westeurope", v => v with { Draining = true });
        _directory.Change("southeastasia", v => v with { Health = RegionHealth.Suspect });

        Assert.Equal(["southeastasia", "eastus"], Order(new RouteRequest { Model = "minilm" }));
        Assert.Equal(["southeastasia", "eastus", "westeurope"], Order(new RouteRequest { Model = "minilm", LastResort = true }));
        var explanation = Director().Explain(_directory.Current, new RouteRequest { Model = "minilm" }, new Random(1));
        Assert.Equal([RegionStanding.Broken, RegionStanding.Draining, RegionStanding.Suspect], explanation.Regions.Select(r => r.Standing));
        Assert.Equal("it is draining and takes nothing new", explanation.Regions[1].Why);

        _directory.Die("eastus");
        _directory.Die("southeastasia");
        Assert.Equal(RoutingVerdict.RegionLost, Decide(new RouteRequest { Model = "minilm" }).Verdict);
        Assert.Equal("westeurope", Order(new RouteRequest { Model = "minilm", LastResort = true })[0]);
    }

    [Fact]
    public void A_half_open_region_is_tried_with_few_requests()
    {
        Distances(1, 100, 200);
        _directory.Change("eastus", v => v with { Breaker = BreakerState.HalfOpen });
        var random = new Random(1);
        var tried = Enumerable.Range(0, 20_000).Count(_ => Director().Decide(_directory.Current, new RouteRequest { Model = "minilm" }, random).Choice!.Name == "eastus");
        Assert.InRange(tried, 800, 1200);

        // Also where the others are in doubt: it is no way out for all.
        _directory.Change("westeurope", v => v with { Health = RegionHealth.Suspect });
        _directory.Die("southeastasia");
        tried = Enumerable.Range(0, 20_000).Count(_ => Director().Decide(_directory.Current, new RouteRequest { Model = "minilm" }, random).Choice!.Name == "eastus");
        Assert.InRange(tried, 800, 1200);
        _directory.Die("westeurope");
        Assert.Equal("eastus", Decide(new RouteRequest { Model = "minilm" }).Choice!.Name);
    }

    [Fact]
    public void A_models_own_policy_is_used_and_work_that_can_wait_goes_by_price_where_there_are_prices()
    {
        Distances(80, 20, 200);
        Assert.Equal("westeurope", Chosen(flex: true));
        Prices(2, 3, 1);
        Assert.Equal("southeastasia", Chosen(flex: true));
        Assert.Equal("westeurope", Chosen(flex: false));

        Route("nearest");
        Assert.Equal("westeurope", Chosen(flex: true));
        Route("price");
        Assert.Equal("southeastasia", Chosen(flex: false));
        Route("of-a-later-build");
        Assert.Equal("westeurope", Chosen(flex: false));

        string Chosen(bool flex) => Decide(new RouteRequest { Model = "minilm", Flex = flex }).Choice!.Name;

        void Route(string policy) => Publish(i => i with { Models = [i.Models[0] with { Routing = policy }] });

        void Prices(params double[] prices) => Publish(i => i with { Regions = [.. i.Regions.Select((r, at) => r with { PricePerHour = prices[at] })] });

        void Publish(Func<Intent, Intent> change) => _directory.Publish(_directory.Current with { Intent = change(_directory.Current.Intent) });
    }

    [Fact]
    public void Near_equals_share_the_load_by_what_this_edge_has_under_way()
    {
        Distances(10, 11, 12);
        using var one = _inFlight.Enter("eastus");
        using var two = _inFlight.Enter("westeurope");
        var chosen = Enumerable.Range(0, 300).Select(seed => Decide(new RouteRequest { Model = "minilm" }, seed).Choice!.Name).CountBy(n => n).ToDictionary();

        // Of two drawn the less busy: the idle region wins both draws it is in (two in three).
        Assert.InRange(chosen["southeastasia"], 150, 250);
        Assert.InRange(chosen["eastus"], 20, 90);
        Assert.InRange(chosen["westeurope"], 20, 90);
    }

    [Fact]
    public void Ones_own_region_is_preferred_among_near_equals_until_its_queue_is_longer()
    {
        Distances(3, 0, 4);
        _directory.Publish(_directory.Current with { OwnRegion = "westeurope" });
        using var busy = _inFlight.Enter("westeurope");

        Assert.All(Enumerable.Range(0, 50), seed => Assert.Equal("westeurope", Decide(new RouteRequest { Model = "minilm" }, seed).Choice!.Name));

        Distances(1, 0, 200);
        _directory.Load("westeurope", Sample.Model(queued: 3, serviceMs: 2));
        Assert.Contains(Enumerable.Range(0, 50), seed => Decide(new RouteRequest { Model = "minilm" }, seed).Choice!.Name == "eastus");
    }

    [Fact]
    public void Policies_weigh_differently()
    {
        Distances(80, 20, 200);
        _directory.Load("westeurope", Sample.Model(queued: 90));
        _directory.Load("eastus", Sample.Model(queued: 5));

        Assert.Equal("eastus", First("expected-completion"));
        Assert.Equal("westeurope", First("nearest"));
        Assert.Equal("southeastasia", First("least-load"));
    }

    [Fact]
    public void An_explanation_names_every_region_with_its_reason()
    {
        Distances(80, 20, 200);
        _directory.Die("westeurope");

        var explanation = Director().Explain(_directory.Current, new RouteRequest { Model = "minilm", Boundary = new DataBoundary(["us", "eu"], null) }, new Random(1));

        Assert.Equal(("expected-completion", RoutingVerdict.Route), (explanation.Policy, explanation.Verdict));
        Assert.Equal(["eastus"], explanation.Order);
        Assert.Equal([RegionStanding.Ready, RegionStanding.Unheard, RegionStanding.Forbidden], explanation.Regions.Select(r => r.Standing));
        Assert.Equal(82, explanation.Regions[0].Score, 3);
        Assert.Equal("health is Dead", explanation.Regions[1].Why);
        Assert.Equal("jurisdiction 'apac' is not among us, eu", explanation.Regions[2].Why);
    }

    private RoutingDirector Director(string policy = RoutingPolicyNames.Default) => new(RoutingPolicies.ByName[policy], 5, _inFlight);

    private RoutingDecision Decide(in RouteRequest request, int seed = 1) => Director().Decide(_directory.Current, request, new Random(seed));

    private string First(string policy) => Director(policy).Decide(_directory.Current, new RouteRequest { Model = "minilm" }, new Random(1)).Choice!.Name;

    private string[] Order(in RouteRequest request) => Director().Order(_directory.Current, request, new Random(1));

    private static ModelStatus Generating(int busy, float tokenMs, float aloneMs, float tokens, int queued = 0) =>
        Sample.Model(queued: queued) with { InFlight = busy, Pace = new TokenPace { TokenMs = tokenMs, AloneMs = aloneMs, Tokens = tokens, Slots = 24 } };

    private void GeneratesText() =>
        _directory.Publish(_directory.Current with { Intent = _directory.Current.Intent with { Models = [new ModelDeclaration { Name = "minilm", Kind = "generation", OwnedBy = "test" }] } });

    private void Distances(double eastus, double westeurope, double southeastasia)
    {
        _directory.Change("eastus", v => v with { RoundTripMs = eastus });
        _directory.Change("westeurope", v => v with { RoundTripMs = westeurope });
        _directory.Change("southeastasia", v => v with { RoundTripMs = southeastasia });
    }
}
