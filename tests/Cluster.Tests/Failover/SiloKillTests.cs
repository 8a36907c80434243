using Meridian.Cluster.Tests.Harness;
using Meridian.Grains;
using Meridian.Load;

namespace Meridian.Cluster.Tests.Failover;

[Collection(OneRegionOneDoorCollection.Name)]
public sealed class SiloKillTests(OneRegionOneDoor processes, ITestOutputHelper output)
{
    [Fact]
    public async Task A_second_silo_takes_a_replica_and_its_loss_stops_nothing()
    {
        var installation = processes.Installation;
        await processes.WholeAsync();
        var facade = installation.Facade("eastus");
        installation.StartPart("eastus", "second silo", "silo");
        await using var cluster = await RegionCluster.ConnectAsync("eastus", installation.GatewayPort("eastus"));
        await Eventually.HoldsAsync(async _ => await cluster.SilosAsync() == 2, "two silos in the region", TimeSpan.FromSeconds(40), installation.Tails);

        await cluster.Deployment("minilm").Scale(new ScaleChange { OperationId = "two", Replicas = 2, By = "test" });
        // The second may first be put beside the first; then it moves, once the region has settled.
        var silos = await Eventually.AnswersAsync(
            async token => (await cluster.Deployment("minilm").Replicas(knownRevision: -1, token)).Replicas is var replicas && replicas.All(r => r.State == ShardState.Ready)
                && replicas.Select(r => r.Silo).Distinct().ToArray() is { Length: 2 } apart ? apart : null,
            "two ready replicas on two silos",
            TimeSpan.FromSeconds(90),
            installation.Tails);
        output.WriteLine($"replicas on {string.Join<object?>(" and ", silos)}");
        await installation.SeesAsync(facade, "minilm", "eastus");

        using var http = new HttpMessageInvoker(new SocketsHttpHandler { UseProxy = false });
        var requests = new EmbeddingRequests("minilm", seed: 11);
        var load = new OpenLoop(http, index => requests.To(facade.Address, index), perSecond: 30, TimeSpan.FromSeconds(40), TimeProvider.System);
        using var stop = new CancellationTokenSource();
        var running = load.RunAsync(stop.Token);
        await load.NextAsync(s => s.Index >= 30 && s.Status == 200, "a second of answers", TimeSpan.FromSeconds(30));
        var killed = load.Elapsed;
        await installation.KillAsync("second silo");
        await Eventually.HoldsAsync(async _ => await cluster.SilosAsync() == 1, "the region to notice the loss", TimeSpan.FromSeconds(60), installation.Tails);
        var noticed = load.Elapsed;
        await Eventually.HoldsAsync(
            async token => (await cluster.Deployment("minilm").Replicas(knownRevision: -1, token)).Replicas is { Length: 2 } left
                && left.All(r => r.State == ShardState.Ready) && left.Select(r => r.Silo).Distinct().Count() == 1,
            "the lost replica loaded anew on the silo that is left",
            TimeSpan.FromSeconds(60),
            installation.Tails);
        output.WriteLine($"noticed after {(noticed - killed).TotalSeconds:0.0} s, two replicas again after {(load.Elapsed - killed).TotalSeconds:0.0} s");
        await stop.CancelAsync();
        await running;

        var report = KillReport.Of(load.Samples, [killed]);
        output.WriteLine(report.ToString());
        Assert.True(report.Failed.Length == 0, $"{report}\n{string.Join("\n", report.Failed.Take(10))}\n{installation.Tails()}");
    }
}
