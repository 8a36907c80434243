using Meridian.Cluster.Tests.Generation;
using Meridian.Cluster.Tests.Harness;
using Meridian.Inference.Decoders.Contract;
using Meridian.Load;
using Meridian.ModelTools.Llama;

namespace Meridian.Cluster.Tests.Draining;

/// <summary>
/// An older build beside this one: the installation starts with the old and is rolled region by region to this build and back, under load through a front door of each build.
/// Run by name alone, as <c>.ci/run</c> does with the build that <c>.ci/old-build</c> names. Needs the older build's <c>meridian-server.dll</c> (in builds before it had this name: <c>Meridian.Silo.dll</c>) in MERIDIAN_OLD_BUILD; <c>tests/rolling/run.sh</c> makes it from any commit. What guards the wire in every run of the suite is the
/// contract test of tests/Federation.Tests.
/// </summary>
public sealed class OldBesideNewTests(ITestOutputHelper output)
{
    private const string Story = "story";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact(Explicit = true)]
    public async Task Regions_are_rolled_from_the_old_build_to_this_one_and_back_without_a_failed_request()
    {
        var path = Environment.GetEnvironmentVariable("MERIDIAN_OLD_BUILD");
        Assert.False(string.IsNullOrEmpty(path), "MERIDIAN_OLD_BUILD names no older build; tests/rolling/run.sh OLD_REF makes one.");
        var old = MeridianProgram.OfFile(path!);
        using var data = new TemporaryDirectory();
        var folder = Path.Combine(data.Path, "model");
        LlamaFolder.Make(folder, LlamaFolder.Configure(layers: 4, hidden: 256, heads: 4, kvHeads: 2, intermediate: 512, vocabulary: 512, context: 2048), seed: 1, KvLayout.Shared);
        await using var installation = new Installation(
            data.Path, regions: 3, [.. Models.MiniLm, .. Models.Entry(1, Story, folder), KeyValuePair.Create("Meridian:ShutdownSeconds", "20")])
        { Program = old };
        foreach (var region in installation.Regions) installation.StartRegion(region);
        var (_, oldDoor) = installation.StartFrontDoor("front-door");
        installation.Program = MeridianProgram.Built;
        var (_, newDoor) = installation.StartFrontDoor("second-door");
        Edge[] doors = [oldDoor, newDoor];
        await SeenAsync(installation, doors, [.. installation.Regions]);

        using var http = new HttpMessageInvoker(new SocketsHttpHandler { UseProxy = false, MaxConnectionsPerServer = 512 });
        using var byOld = new CompletionCalls(oldDoor.Address);
        using var byNew = new CompletionCalls(newDoor.Address);
        var requests = new EmbeddingRequests("minilm", seed: 12);
        var load = new OpenLoop(http, index => requests.To(doors[index % 2].Address, index), perSecond: 10, Patience, TimeProvider.System);
        var streams = new[] { new StreamLoad(byOld, Story, callers: 1, tokens: 120), new StreamLoad(byNew, Story, callers: 1, tokens: 120) };
        using var stop = new CancellationTokenSource();
        var running = Task.WhenAll([load.RunAsync(stop.Token), .. streams.Select(callers => callers.RunAsync(stop.Token))]);
        try
        {
            await load.NextAsync(sample => sample.Index >= 10 && sample.Status == 200, "a second of answers", Patience);
            foreach (var program in new[] { MeridianProgram.Built, old })
            {
                installation.Program = program;
                foreach (var region in installation.Regions)
                {
                    await installation.TerminateAsync(region, Patience);
                    installation.StartRegion(region);
                    await SeenAsync(installation, doors, region);
                    output.WriteLine($"{load.Elapsed.TotalSeconds,6:0.0} s: {region} runs {(program == old ? "the old build" : "this build")}");
                }
            }
        }
        finally
        {
            await stop.CancelAsync();
            await running;
        }

        var report = KillReport.Of(load.Samples, []);
        string[] broken = [.. streams.SelectMany(callers => callers.Failures)];
        output.WriteLine($"{report}\n{streams.Sum(callers => callers.Whole)} streams whole, {broken.Length} not");
        Assert.True(
            report.Failed.Length == 0 && broken.Length == 0,
            $"{report}\n{string.Join("\n", report.Failed.Take(10))}\n{string.Join("\n", broken.Take(10))}\n{installation.Tails()}");
    }

    private static async Task SeenAsync(Installation installation, Edge[] edges, params string[] regions)
    {
        foreach (var edge in edges)
        {
            foreach (var model in new[] { "minilm", Story }) await installation.SeesAsync(edge, model, regions);
        }
    }
}
