using System.Text.Json.Nodes;
using Meridian.Cluster.Tests.Harness;
using Meridian.Grains;
using Meridian.Messages;

namespace Meridian.Cluster.Tests.Robustness;

public sealed class DamagedModelTests(ITestOutputHelper output)
{
    [Fact]
    public async Task A_flipped_byte_keeps_a_model_out_of_its_region_and_nothing_else()
    {
        const string Damaged = "eastus", Whole = "westeurope";
        using var data = new TemporaryDirectory();
        var package = Path.Combine(data.Path, "package");
        var settings = Models.MiniLm.Concat(Models.Entry(2, "twin", package)).ToArray();

        // A first start installs the built-in model; its package, renamed, is the second model of both regions.
        await using (var first = new Installation(data.Path, regions: 1, Models.MiniLm))
        {
            first.StartRegion(Damaged);
            await first.ReadyAsync(first.Facade(Damaged));
            CopyPackage(Directory.GetFiles(Path.Combine(first.ModelStore(Damaged), "minilm"), "manifest.json", SearchOption.AllDirectories).Single(), package, "twin");
            await first.TerminateAsync(Damaged, TimeSpan.FromSeconds(30));
            var graph = Directory.GetFiles(Path.Combine(first.ModelStore(Damaged), "minilm"), "*.onnx", SearchOption.AllDirectories).Single();
            FlipByte(graph, position: 12_345_678);
        }

        await using var installation = new Installation(data.Path, regions: 2, settings);
        installation.StartRegion(Damaged);
        installation.StartRegion(Whole);
        var (_, frontDoor) = installation.StartFrontDoor();
        await installation.SeesAsync(frontDoor, "twin", Damaged, Whole);
        await installation.SeesAsync(frontDoor, "minilm", Whole);

        var problem = await Eventually.AnswersAsync<string>(
            async token => (await frontDoor.RegionsAsync(token)).Single(r => r.Name == Damaged).Model("minilm")?.Problem,
            $"{Damaged} to say what is wrong with minilm",
            TimeSpan.FromSeconds(30),
            installation.Tails);
        output.WriteLine(problem);
        Assert.Contains("model.onnx", problem, StringComparison.Ordinal);
        var report = (await frontDoor.RegionsAsync(TestContext.Current.CancellationToken)).Single(r => r.Name == Damaged);
        Assert.Equal(0, report.Model("minilm")!.Ready);

        for (var i = 0; i < 20; i++)
        {
            var answer = await frontDoor.EmbedAsync("minilm", ["served by whoever has it whole"]);
            Assert.Equal(Whole, answer.Headers["x-meridian-region"]);
        }

        // Asked past every edge, so that nobody serves in its place.
        await using (var cluster = await RegionCluster.ConnectAsync(Damaged, installation.GatewayPort(Damaged)))
        {
            var rest = await cluster.Client.GetGrain<IRegionEndpoint>(0).Infer(new InferRequest
            {
                RequestId = "the-rest",
                Model = "twin",
                RemainingMs = 20_000,
                Input = new EmbeddingInput { Texts = ["the rest goes on"] },
            });
            Assert.Equal(Damaged, rest.Result?.Region);
        }

        // The damaged region's own callers are served too, from next door.
        var elsewhere = await installation.Facade(Damaged).EmbedAsync("minilm", ["also from here"]);
        Assert.Equal(Whole, elsewhere.Headers["x-meridian-region"]);
        Assert.False(installation[Damaged].HasExited);
    }

    private static void CopyPackage(string manifest, string to, string name)
    {
        Directory.CreateDirectory(to);
        var from = Path.GetDirectoryName(manifest)!;
        foreach (var file in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        var copied = Path.Combine(to, "manifest.json");
        var json = JsonNode.Parse(File.ReadAllText(copied))!.AsObject();
        json[json.ContainsKey("name") ? "name" : "Name"] = name;
        File.WriteAllText(copied, json.ToJsonString());
    }

    private static void FlipByte(string file, long position)
    {
        File.SetAttributes(file, FileAttributes.Normal);
        using var stream = new FileStream(file, FileMode.Open, FileAccess.ReadWrite);
        stream.Position = position;
        var flipped = (byte)(stream.ReadByte() ^ 1);
        stream.Position = position;
        stream.WriteByte(flipped);
    }
}
