using Meridian.Cluster.Tests.Harness;
using Meridian.Load;
using Meridian.TestModels;

namespace Meridian.Cluster.Tests.Failover;

/// <summary>Streams outlive their regions: kill -9 of the region that serves most of them, while other requests run.</summary>
[Collection(ThreeRegionsCollection.Name)]
public sealed class StreamKillTests(ThreeRegions three, ITestOutputHelper output)
{
    private const int Seed = 23;
    private const int Streams = 8;

    [Fact]
    public async Task Killing_the_serving_region_costs_streams_a_pause_and_not_a_bit()
    {
        var installation = three.Installation;
        var folders = new Dictionary<string, string>(three.LanguageModels) { [Stories.BuiltIn] = Stories.Find(Stories.BuiltIn)! };
        var models = folders.Keys.ToArray();
        foreach (var model in models)
        {
            await installation.ServesAsync(model);
        }

        await using var door = await OwnFrontDoor.StartAsync(installation, ["minilm", .. models]);
        var random = new Random(Seed);
        var bodies = models.SelectMany(model => StreamKills.Bodies(model, 16, random)).ToArray();
        random.Shuffle(bodies);
        var fleet = new StreamFleet(door.Http, door.Address, bodies, TimeSpan.FromSeconds(60), TimeProvider.System);
        var undisturbed = await StreamKills.UndisturbedAsync(fleet, bodies);

        using var phases = new FailoverPhases();
        var requests = new EmbeddingRequests("minilm", Seed);
        var load = new OpenLoop(door.Http, index => requests.To(door.Address, index), perSecond: 50, TimeSpan.FromSeconds(30), TimeProvider.System);
        using var stop = new CancellationTokenSource();
        var running = Task.WhenAll(load.RunAsync(stop.Token), fleet.RunAsync(Streams, stop.Token));
        var killer = new RegionKiller(installation, load, random, fleet.Busiest);
        try
        {
            await load.NextAsync(sample => sample.Status == 200, "a first answer", TimeSpan.FromSeconds(20));
            await killer.RunAsync(kills: 5, TimeSpan.FromSeconds(60), output.WriteLine);
        }
        finally
        {
            await stop.CancelAsync();
            await running;
        }

        var (differences, ties) = await StreamKills.CompareAsync(fleet.Samples, undisturbed, folders);
        var report = KillReport.Of(load.Samples, killer.Kills);
        output.WriteLine(report.ToString());
        var inexact = fleet.Samples.Where(sample => !sample.Exact && sample.Body.Model != Stories.Teacher).ToArray();
        output.WriteLine($"{inexact.Length} say that they are not exact, besides those of {Stories.Teacher}, whose graph cannot be.");
        output.WriteLine($"{fleet.Samples.Count} streams of {bodies.Length} requests, {ties} with a tie; {phases.Of("stall").Count} moves, ms:\n{phases}");
        Assert.True(differences.Length == 0, $"Seed {Seed}, {differences.Length} streams:\n{string.Join("\n", differences.Take(10))}\n{installation.Supervisor.Tail(60)}");
        Assert.True(report.Failed.Length == 0, $"Seed {Seed}. {report}\n{string.Join("\n", report.Failed.Take(10))}\n{installation.Supervisor.Tail(60)}");
        Assert.All(inexact, sample => Assert.True(killer.Kills.Any(kill => sample.Done >= kill), $"{sample} says that it is not exact before anything was killed."));
        Assert.True(phases.Of("stall").Count >= 5, $"Only {phases.Of("stall").Count} streams were moved by 5 kills.");
    }
}
