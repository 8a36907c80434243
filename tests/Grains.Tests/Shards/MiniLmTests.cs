using System.Runtime.InteropServices;
using Meridian.Federation.Regions;
using Meridian.Grains.Hosting;
using Meridian.Grains.Settings;
using Meridian.Grains.Tests.Fakes;
using Meridian.Inference;
using Meridian.Inference.Packages;
using Meridian.Inference.Packages.MiniLm;
using Meridian.Messages;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Storage;
using Orleans.TestingHost;

namespace Meridian.Grains.Tests.Shards;

public sealed class MiniLmTests : IDisposable
{
    private readonly string _models = Path.Combine(Path.GetTempPath(), "meridian-" + Path.GetRandomFileName());

    [Fact]
    public async Task The_real_model_is_installed_loaded_and_answers_through_the_grains_and_a_flipped_byte_is_found()
    {
        string graph;
        await using (var region = await StartAsync())
        {
            var local = await ServingAsync(region, s => s.ReadyReplicas == 2);

            var reply = await local.InferAsync(RegionCluster.Request("minilm", "A cat sits on the mat.", "A kitten rests on a rug.", "Interest rates rose again."), CancellationToken.None);

            var output = Assert.IsType<EmbeddingOutput>(reply.Result?.Output);
            Assert.Equal((3, 384), (output.Rows, output.Dimensions));
            var vectors = MemoryMarshal.Cast<byte, float>(output.Vectors).ToArray();
            Assert.True(Dot(vectors, 0, 1) > Dot(vectors, 0, 2) + 0.3);
            Assert.Equal(1.0, Dot(vectors, 0, 0), 4);

            var tooLong = await local.InferAsync(RegionCluster.Request("minilm", string.Concat(Enumerable.Repeat("word ", 400))), CancellationToken.None);
            Assert.Equal(RefusalCode.InputTooLong, tooLong.Refusal!.Code);
            graph = System.IO.Directory.GetFiles(_models, "*.onnx", SearchOption.AllDirectories).Single();
        }

        await using (var file = File.Open(graph, FileMode.Open, FileAccess.ReadWrite))
        {
            file.Position = file.Length / 2;
            var flipped = (byte)(file.ReadByte() ^ 1);
            file.Position--;
            file.WriteByte(flipped);
        }

        await using (var region = await StartAsync())
        {
            var local = await ServingAsync(region, s => s.Problem is not null);

            var refusal = (await local.InferAsync(RegionCluster.Request("minilm"), CancellationToken.None)).Refusal!;

            Assert.Equal(RefusalCode.NotReady, refusal.Code);
            Assert.Contains(Path.GetFileName(graph), refusal.Message, StringComparison.Ordinal);
        }
    }

    public void Dispose()
    {
        if (System.IO.Directory.Exists(_models)) System.IO.Directory.Delete(_models, recursive: true);
    }

    private static double Dot(float[] vectors, int a, int b)
    {
        var sum = 0.0;
        for (var i = 0; i < 384; i++) sum += vectors[(a * 384) + i] * vectors[(b * 384) + i];
        return sum;
    }

    private static async Task<ILocalRegion> ServingAsync(InProcessTestCluster region, Func<ModelStatus, bool> wanted)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(120));
        var local = region.GetSiloServiceProvider().GetRequiredService<ILocalRegion>();
        var deployment = region.Client.GetGrain<IModelDeployment>("minilm");
        var table = await deployment.Replicas(0, patience.Token);
        while (!wanted(local.Status.Models[0])) table = await deployment.Replicas(table.Revision, patience.Token);
        return local;
    }

    private async Task<InProcessTestCluster> StartAsync()
    {
        await using (var services = new ServiceCollection().AddLogging().AddMeridianInference(o => o.Root = _models).BuildServiceProvider())
            await services.GetRequiredService<IModelStore>().InstallAsync(new MiniLmSource(), CancellationToken.None);

        var builder = new InProcessTestClusterBuilder(1);
        builder.Options.ConfigureFileLogging = false;
        builder.ConfigureSilo((_, silo) =>
        {
            static void Region(RegionOptions o) => (o.Name, o.Jurisdiction, o.Models) = ("westeurope", "eu", [new() { Name = "minilm", Replicas = 2 }]);
            silo.AddMeridianGrains(Region);
            silo.Services.AddMeridianLocalRegion(Region);
            silo.Services.AddMeridianInference(o => o.Root = _models);
            silo.Services.AddKeyedSingleton<IGrainStorage>("Default", new TestStore());
        });
        var region = builder.Build();
        await region.DeployAsync();
        return region;
    }
}
