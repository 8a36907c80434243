using BenchmarkDotNet.Attributes;
using Meridian.Routing;
using Meridian.Routing.Decision;
using Meridian.Routing.Policies;
using Meridian.Routing.Residency;
using Meridian.Routing.Snapshots;

namespace Meridian.Benchmarks.Routing;

/// <summary>One decision on a snapshot that has been decided on before, each for another model than the last.</summary>
[MemoryDiagnoser]
public class DecisionBenchmarks
{
    private static readonly DataBoundary Bound = new(["eu", "ch"], null);
    private readonly Random _random = new(1);
    private DirectorySnapshot _snapshot = null!;
    private RoutingDirector _director = null!;
    private int _at;

    /// <value>Set before the benchmark runs: it runs in this process.</value>
    public static int Regions { get; set; } = 50;

    public static int Models { get; set; } = 1000;

    public static IEnumerable<string> Policies => RoutingPolicies.ByName.Keys.Order(StringComparer.Ordinal);

    [ParamsSource(nameof(Policies))]
    public string Policy { get; set; } = RoutingPolicyNames.Default;

    [GlobalSetup]
    public void Setup()
    {
        _snapshot = RoutingWorld.Snapshot(Regions, Models, _random);
        _director = new RoutingDirector(RoutingPolicies.ByName[Policy], 5, RoutingWorld.InFlight(_snapshot, _random));
        for (var i = 0; i < Models; i++)
        {
            _ = Anywhere();
        }
    }

    [Benchmark(Baseline = true)]
    public int Anywhere() => Decide(default);

    [Benchmark]
    public int InTwoOfFourJurisdictions() => Decide(Bound);

    private int Decide(DataBoundary boundary)
    {
        _at = (_at + 7) % Models;
        return _director.Decide(_snapshot, new RouteRequest { Model = _snapshot.Intent.Models[_at].Name, Boundary = boundary, Affinity = (ulong)_at + 1 }, _random).Index;
    }
}
