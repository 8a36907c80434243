namespace Meridian.Routing.Tests.Simulation;

/// <summary>How good decisions are, against one who knows all queues, service times and what is on its way.</summary>
public sealed class RoutingQualityTests(ITestOutputHelper output)
{
    private static readonly string[] Policies = [.. Meridian.Routing.Policies.RoutingPolicies.ByName.Keys.Order(StringComparer.Ordinal)];

    [Fact]
    public void At_moderate_load_the_default_is_within_a_tenth_of_the_clairvoyant()
    {
        foreach (var seed in new[] { 1, 2 })
        {
            var clairvoyant = World(0.6, seed).Run(null, 30_000);
            var run = World(0.6, seed).Run(RoutingPolicyNames.Default, 30_000);

            output.WriteLine($"mean {run.MeanMs:F1} ms against {clairvoyant.MeanMs:F1} ms, p99 {run.QuantileMs(0.99):F1} ms against {clairvoyant.QuantileMs(0.99):F1} ms");
            Assert.Equal(0, clairvoyant.MeanRegretMs, 6);
            Assert.True(run.MeanMs <= 1.1 * clairvoyant.MeanMs);
            Assert.True(run.QuantileMs(0.99) <= 1.1 * clairvoyant.QuantileMs(0.99));
        }
    }

    /// <summary>All requests of a run can be served beside their edge only up to a point; what is beyond it must go elsewhere, and come back, without swinging.</summary>
    [Theory]
    [InlineData("spill-over", 0.2)]
    [InlineData("expected-completion", 0.15)]
    public void A_saturated_region_overflows_and_takes_back_without_oscillation(string policy, double swing)
    {
        const double Capacity = 4 / 0.020;
        SimulatedRegion[] regions = [new("near", 4), new("far", 8)];
        var edge = new SimulatedEdge(
            "edge", ms => ms switch { < 60_000 => 0.5 * Capacity, < 180_000 => 1.5 * Capacity, _ => 0.5 * Capacity }, [_ => 10, _ => 60]);
        var run = new RoutingWorld(regions, [edge], random => -20 * Math.Log(1 - random.NextDouble()), seed: 1).Run(policy, 240_000);

        // By ten seconds: before, saturated, after.
        var near = run.Shares(0, 0, 10_000);
        output.WriteLine($"{policy}: {string.Join(' ', near.Select(s => s.ToString("F2")))}; mean {run.MeanMs:F1} ms, p99 {run.QuantileMs(0.99):F1} ms");
        Assert.All(near[1..6], share => Assert.InRange(share, 0.9, 1));

        // Two thirds are all that it can take.
        Assert.All(near[8..18], share => Assert.InRange(share, 0.3, 0.7));
        Assert.True(near[8..18].Max() - near[8..18].Min() <= swing, $"share swings between {near[8..18].Min():F2} and {near[8..18].Max():F2}");
        Assert.All(near[20..], share => Assert.InRange(share, 0.9, 1));
        Assert.True(run.QuantileMs(0.99) < 1000, $"p99 {run.QuantileMs(0.99):F1} ms");
    }

    /// <summary>The order that the policies' purposes imply, so that a table in the documentation is not all that says so.</summary>
    [Fact]
    public void Each_policy_is_as_good_as_it_is_meant_to_be()
    {
        var runs = Policies.ToDictionary(p => p, p => World(0.6, 1).Run(p, 20_000));
        foreach (var (policy, run) in runs)
            output.WriteLine($"{policy,-20} mean {run.MeanMs,8:F1} p99 {run.QuantileMs(0.99),8:F1} regret {run.MeanRegretMs,8:F2}");
        var usual = runs[RoutingPolicyNames.Default];
        Assert.All(runs, r => Assert.True(r.Value.MeanMs >= usual.MeanMs * 0.999, $"{r.Key} is better than the default"));
        Assert.True(runs["spill-over"].MeanMs < 1.25 * usual.MeanMs);
        Assert.True(runs["nearest"].MeanMs > 10 * usual.MeanMs);
    }

    /// <summary>The table of docs/benchmarks.md.</summary>
    [Fact(Explicit = true)]
    public void Figures()
    {
        foreach (var load in new[] { 0.3, 0.6, 0.8, 0.9 })
        {
            foreach (var policy in (string?[])[null, .. Policies])
            {
                var run = World(load, 1).Run(policy, 60_000);
                output.WriteLine($"{load:F1} {policy ?? "clairvoyant",-20} mean {run.MeanMs,8:F1} p99 {run.QuantileMs(0.99),8:F1} regret {run.MeanRegretMs,8:F2}");
            }
        }
    }

    /// <summary>Five regions on three continents, of which callers like one best: at full load half of all requests enter beside a fifth of the replicas.</summary>
    private static RoutingWorld World(double load, int seed)
    {
        SimulatedRegion[] regions = [new("eastus", 4), new("westus", 4), new("westeurope", 4), new("northeurope", 4), new("southeastasia", 4)];
        var rate = load * 20 / 0.020;
        return new RoutingWorld(
            regions,
            [
                SimulatedEdge.Steady("new-york", 0.35 * rate, 8, 65, 80, 85, 220),
                SimulatedEdge.Steady("london", 0.3 * rate, 78, 140, 10, 18, 170),
                SimulatedEdge.Steady("frankfurt", 0.15 * rate, 90, 150, 9, 26, 160),
                SimulatedEdge.Steady("singapore", 0.2 * rate, 220, 170, 160, 165, 4),
            ],
            random => -20 * Math.Log(1 - random.NextDouble()),
            seed);
    }
}
