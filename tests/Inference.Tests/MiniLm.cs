using System.Runtime.InteropServices;
using Meridian.Inference.Engines;
using Meridian.Inference.Engines.Embeddings;
using Meridian.Inference.Packages;
using Meridian.Inference.Packages.MiniLm;
using Meridian.Inference.Packages.Store;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

[assembly: AssemblyFixture(typeof(Meridian.Inference.Tests.MiniLm))]

namespace Meridian.Inference.Tests;

/// <summary>The real model, installed and loaded once for all tests.</summary>
public sealed class MiniLm : IAsyncLifetime
{
    private readonly TemporaryDirectory _root = new();

    public ModelPackage Package { get; private set; } = null!;

    public IEmbeddingEngine Engine { get; private set; } = null!;

    public static EmbeddingEngineFactory Factory { get; } = new(TimeProvider.System, NullLogger<EmbeddingEngine>.Instance);

    public static ModelStore StoreIn(string root) =>
        new(Options.Create(new ModelStoreOptions { Root = root }), TimeProvider.System, NullLogger<ModelStore>.Instance);

    public async ValueTask InitializeAsync()
    {
        Package = await StoreIn(_root.Path).InstallAsync(new MiniLmSource(), CancellationToken.None);
        Engine = (IEmbeddingEngine)await Factory.CreateAsync(Package, new EngineOptions(), CancellationToken.None);
    }

    public async Task<float[][]> EmbedAsync(params string[] texts)
    {
        var outcome = await Engine.EmbedAsync(new EmbeddingWork { Texts = texts, Truncate = true }, TestContext.Current.CancellationToken);
        return Vectors(outcome);
    }

    public static float[][] Vectors(EmbeddingOutcome outcome)
    {
        Assert.True(outcome.Status == EmbeddingStatus.Done, $"{outcome.Status}: {outcome.Message}");
        return [.. outcome.Vectors.Chunk(outcome.Dimensions * sizeof(float)).Select(row => MemoryMarshal.Cast<byte, float>(row).ToArray())];
    }

    public async ValueTask DisposeAsync()
    {
        if (Engine is not null)
            await Engine.DisposeAsync();
        _root.Dispose();
    }
}
