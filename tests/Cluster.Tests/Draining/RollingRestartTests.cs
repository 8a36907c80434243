using Meridian.Cluster.Tests.Generation;
using Meridian.Cluster.Tests.Harness;
using Meridian.Load;
using Meridian.Silo.Processes;

namespace Meridian.Cluster.Tests.Draining;

/// <summary>Three regions and two front doors, restarted one after the other while callers send embeddings at a steady rate and read streams.</summary>
[Collection(FiveProcessesCollection.Name)]
public sealed class RollingRestartTests(FiveProcesses processes, ITestOutputHelper output)
{
    private const string Story = FiveProcesses.Story;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public Task A_region_that_is_drained_restarted_and_taken_back_fails_no_request() => UnderLoadAsync(async (installation, edges, load) =>
    {
        var region = installation.Regions[0];
        var drain = installation.Command("drain", "drain", "--region", region, "--deadline", "1", "--wait", "--timeout", "60", "--reason", "a new build");
        await drain.ExitAsync(Patience);
        Assert.True(drain.ExitCode == ExitCode.Ok && drain.Lines.Any(line => line.StartsWith("Empty", StringComparison.Ordinal)), drain.Tail());

        // What is sent from now on goes elsewhere.
        var empty = load.Elapsed;
        await load.NextAsync(sample => sample.Due > empty + TimeSpan.FromSeconds(1), "a second of answers", Patience);
        Assert.DoesNotContain(load.Samples, sample => sample.Due > empty && sample.Region == region);
        await installation.TerminateAsync(region, Patience);
        installation.StartRegion(region);
        await SeenAsync(installation, edges, region);
        var back = load.Elapsed;
        await load.NextAsync(sample => sample.Due > back && sample.Region == region, $"an answer from {region}", Patience);
    });

    [Fact]
    public Task Everything_stopped_and_started_again_one_after_the_other_fails_no_request() => UnderLoadAsync(async (installation, edges, load) =>
    {
        foreach (var region in installation.Regions)
        {
            await installation.TerminateAsync(region, Patience);
            installation.StartRegion(region);
            await SeenAsync(installation, edges, region);
        }

        foreach (var door in FiveProcesses.Doors)
        {
            await installation.TerminateAsync(door, Patience);
            var down = load.Elapsed;
            await load.NextAsync(sample => sample.Due > down && sample.Status == 200, "an answer by the other door", Patience);
            var (_, edge) = installation.StartFrontDoor(door);
            await SeenAsync(installation, [edge], [.. installation.Regions]);
        }
    });

    private async Task UnderLoadAsync(Func<Installation, Edge[], OpenLoop, Task> roll)
    {
        var installation = processes.Installation;
        var (first, second) = await processes.WholeAsync();

        using var door = new NextDoor(new SocketsHttpHandler { UseProxy = false, MaxConnectionsPerServer = 512 }, first.Address, second.Address);
        using var http = new HttpMessageInvoker(door, disposeHandler: false);
        using var calls = new CompletionCalls(first.Address, door);
        var requests = new EmbeddingRequests("minilm", seed: 11);
        var load = new OpenLoop(http, index => requests.To(first.Address, index), perSecond: 10, Patience, TimeProvider.System);
        var streams = new StreamLoad(calls, Story, callers: 2, tokens: 120);
        using var stop = new CancellationTokenSource();
        var running = Task.WhenAll(load.RunAsync(stop.Token), streams.RunAsync(stop.Token));
        try
        {
            await load.NextAsync(sample => sample.Index >= 10 && sample.Status == 200, "a second of answers", Patience);
            await roll(installation, [first, second], load);
        }
        finally
        {
            await stop.CancelAsync();
            await running;
        }

        var report = KillReport.Of(load.Samples, []);
        output.WriteLine($"{load.Elapsed.TotalSeconds:0} s, {report}\n{streams.Whole} streams whole, {streams.Failures.Count} not; turns to the next door: {door.Moves}");
        Assert.True(
            report.Failed.Length == 0 && streams.Failures.Count == 0,
            $"{report}\n{string.Join("\n", report.Failed.Take(10))}\n{streams.Whole} streams whole\n{string.Join("\n", streams.Failures.Take(10))}\n{installation.Tails()}");
        Assert.True(streams.Whole > 0, "No stream was read.");
    }

    private static async Task SeenAsync(Installation installation, Edge[] edges, params string[] regions)
    {
        foreach (var edge in edges)
        {
            foreach (var model in new[] { "minilm", Story }) await installation.SeesAsync(edge, model, regions);
        }
    }
}
