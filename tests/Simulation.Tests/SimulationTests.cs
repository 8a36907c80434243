using Meridian.Routing;
using Meridian.Simulation.Engine;
using Meridian.Simulation.Model;
using Meridian.Simulation.Strategies;

namespace Meridian.Simulation.Tests;

public sealed class SimulationTests
{
    private static readonly Scenario Sunny = new()
    {
        Name = "sunny",
        Description = "",
        RegionCount = 3,
        Replicas = 2,
        RequestsPerSecond = 11,
        Minutes = 6,
        DayMinutes = 6,
        Diurnal = 0.9,
    };

    public static TheoryData<string> Strategies => new(StrategyList.Names);

    [Theory]
    [MemberData(nameof(Strategies))]
    public void The_same_scenario_gives_the_same_figures(string strategy)
    {
        var once = Runner.Run(Sunny, [strategy]);
        var again = Runner.Run(Sunny, [strategy]);

        Assert.Equal(once.Strategies, again.Strategies);
    }

    [Theory]
    [MemberData(nameof(Strategies))]
    public void Whatever_is_lost_every_request_is_answered_while_a_region_is_left(string strategy)
    {
        var scenario = Sunny with
        {
            RegionCount = 6,
            RequestsPerSecond = 20,
            Outages =
            [
                new Outage { Region = "eastus", AtMinute = 1, Minutes = 1, Kind = OutageKind.Kill },
                new Outage { Region = "westeurope", AtMinute = 1.5, Minutes = 1, Kind = OutageKind.Freeze },
                new Outage { Region = "eastus", AtMinute = 4, Minutes = 0.5, Kind = OutageKind.Freeze },
            ],
            Spot = new SpotMarket { LossesPerDay = 6, Minutes = 0.5 },
        };

        var result = Runner.Run(scenario, [strategy]).Strategies[0];

        Assert.Equal(0, result.Failed);
        Assert.InRange(result.Moved, 1, int.MaxValue);
    }

    [Fact]
    public void Load_that_follows_the_sun_is_served_sooner_by_whoever_uses_the_night()
    {
        var result = Runner.Run(Sunny, ["region-local", "spill-over", "clairvoyant"]).Strategies;

        Assert.True(result[1].FirstMean * 5 < result[0].FirstMean, $"{result[1].FirstMean} ms against {result[0].FirstMean} ms");
        Assert.True(result[2].CompletionMean <= result[1].CompletionMean, "Nobody is better than who knows all.");
    }

    /// <summary>How good decisions are at moderate load, against one who knows all queues, caches and lengths at the moment of the choice; and no worse than what others do.</summary>
    [Theory]
    [InlineData("embeddings", 3)]
    [InlineData("moderate", 4)]
    [InlineData("conversations", 6)]
    [InlineData("three-regions", 8)]
    public void At_moderate_load_the_default_is_within_a_tenth_of_the_clairvoyant(string name, double minutes)
    {
        var scenario = Scenario.Read(Scenarios.Resolve([name]).Single()) with { Minutes = minutes, DayMinutes = minutes, Seed = 7 };

        var result = Runner.Run(scenario, [RoutingPolicyNames.Default, "clairvoyant", "region-local", "round-robin", "least-load"]).Strategies;

        var (ours, clairvoyant) = (result[0], result[1]);
        Assert.True(ours.CompletionMean <= 1.1 * clairvoyant.CompletionMean, $"mean {ours.CompletionMean} ms against {clairvoyant.CompletionMean} ms");
        Assert.True(ours.CompletionP99 <= 1.1 * clairvoyant.CompletionP99, $"p99 {ours.CompletionP99} ms against {clairvoyant.CompletionP99} ms");
        foreach (var other in result[2..])
        {
            Assert.True(ours.CompletionMean <= 1.01 * other.CompletionMean, $"mean {ours.CompletionMean} ms against {other.CompletionMean} ms of {other.Strategy}");
            Assert.True(ours.CompletionP99 <= 1.05 * other.CompletionP99, $"p99 {ours.CompletionP99} ms against {other.CompletionP99} ms of {other.Strategy}");

            // Who never leaves his region has no round trip to another in his first token; the default may pay that, and no queue.
            var roundTrips = other.Strategy == "region-local" ? 40 : 0;
            Assert.True(ours.FirstMean <= other.FirstMean + roundTrips, $"first token after {ours.FirstMean} ms against {other.FirstMean} ms of {other.Strategy}");
        }
    }

    /// <summary>The plot of docs/simulation.md: three minutes of usual load, five of half as much again as the region can do, four of usual load.</summary>
    [Fact]
    public void A_saturated_region_overflows_and_takes_back_without_oscillation()
    {
        var scenario = Scenario.Read(Scenarios.Resolve(["saturation"]).Single());

        var near = Plot.Run(scenario, RoutingPolicyNames.Default).Shares(0, 20);

        Assert.All(near[..9], share => Assert.InRange(share, 0.85, 1));
        var saturated = near[10..24];
        Assert.All(saturated, share => Assert.InRange(share, 0.35, 0.75));
        Assert.True(saturated.Max() - saturated.Min() <= 0.25, $"share swings between {saturated.Min():F2} and {saturated.Max():F2}");
        Assert.All(near[25..], share => Assert.InRange(share, 0.85, 1));
        Assert.Contains("<polyline", Plot.Svg(scenario, "spill-over"), StringComparison.Ordinal);
    }

    [Fact]
    public void Work_that_can_wait_does_not_herd_into_the_cheapest_region()
    {
        var scenario = Scenario.Read(Scenarios.Resolve(["spot"]).Single()) with { Minutes = 3, DayMinutes = 3, Spot = null };

        var result = Runner.Run(scenario, [RoutingPolicyNames.Default, "clairvoyant"]).Strategies;

        Assert.True(result[0].CompletionMean <= 1.1 * result[1].CompletionMean, $"mean {result[0].CompletionMean} ms against {result[1].CompletionMean} ms");
    }

    [Fact]
    public void The_trace_has_the_load_that_the_scenario_says_and_the_same_for_everyone()
    {
        var sites = World.SitesOf(Sunny);
        var trace = Trace.Make(Sunny, sites);

        Assert.Equal(trace, Trace.Make(Sunny, sites));
        Assert.InRange(trace.Count / (Sunny.Minutes * 60), Sunny.RequestsPerSecond * 0.95, Sunny.RequestsPerSecond * 1.05);
        Assert.Equal(trace.OrderBy(arrival => arrival.AtMs), trace);

        // At the peak of one region another sleeps.
        var busiest = Enumerable.Range(0, 360).MaxBy(second => Trace.Level(Sunny, sites[0], second * 1000));
        Assert.True(Trace.Level(Sunny, sites[2], busiest * 1000) < 1);
    }

    [Fact]
    public void All_committed_scenarios_can_be_read()
    {
        foreach (var path in Scenarios.All())
        {
            var scenario = Scenario.Read(path);
            Assert.Equal(Path.GetFileNameWithoutExtension(path), scenario.Name);
            Assert.NotEmpty(World.SitesOf(scenario));
        }
    }

    [Fact]
    public void A_scenario_with_a_mistake_says_where()
    {
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, """{ "name": "x", "description": "y", "replicsa": 3 }""");
            Assert.Contains("replicsa", Assert.Throws<InvalidDataException>(() => Scenario.Read(path)).Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
