using Meridian.Cluster.Tests.Harness;
using Meridian.Load;

namespace Meridian.Cluster.Tests.Failover;

[Collection(ThreeRegionsCollection.Name)]
public sealed class RegionKillTests(ThreeRegions three, ITestOutputHelper output)
{
    private const int Seed = 20;

    [Fact]
    public async Task Killing_regions_under_load_fails_no_request()
    {
        var installation = three.Installation;
        await installation.ServesAsync("minilm");
        var requests = new EmbeddingRequests("minilm", Seed);
        var load = new OpenLoop(
            installation.Http, index => requests.To(installation.FrontDoor.Address, index), perSecond: 50, TimeSpan.FromSeconds(30), TimeProvider.System);
        using var stop = new CancellationTokenSource();
        var running = load.RunAsync(stop.Token);

        var killer = new RegionKiller(installation, load, new Random(Seed));
        try
        {
            await load.NextAsync(sample => sample.Status == 200, "a first answer", TimeSpan.FromSeconds(10));
            await killer.RunAsync(kills: 5, TimeSpan.FromSeconds(45), output.WriteLine);
        }
        finally
        {
            await stop.CancelAsync();
            await running;
        }

        var report = KillReport.Of(load.Samples, killer.Kills);
        output.WriteLine(report.ToString());
        Assert.True(report.Failed.Length == 0, $"Seed {Seed}. {report}\n{string.Join("\n", report.Failed.Take(10))}\n{installation.Supervisor.Tail(60)}");
        await installation.ServesAsync("minilm");
    }
}
