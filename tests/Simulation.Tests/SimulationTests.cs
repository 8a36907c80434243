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
