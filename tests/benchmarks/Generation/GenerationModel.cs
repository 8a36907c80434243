using Meridian.Inference;
using Meridian.Inference.Decoders;
using Meridian.Inference.Decoders.Contract;
using Meridian.Inference.Engines;
using Meridian.Inference.Engines.Generation.Contract;
using Meridian.Inference.Packages;
using Meridian.Inference.Packages.HuggingFace;
using Meridian.ModelTools.Llama;
using Microsoft.Extensions.DependencyInjection;

namespace Meridian.Benchmarks.Generation;

/// <summary>A made model on disk, and how its engines run.</summary>
public sealed class GenerationModel
{
    private GenerationModel(string name, string folder, int threads, bool prefixCache)
    {
        Name = name;
        Folder = folder;
        Threads = threads;
        PrefixCache = prefixCache;
        Package = new HuggingFaceSource(name, folder).Check();
        Shape = DecoderCheck.Run(Package);
    }

    public string Name { get; }

    /// <value>Whether it is <see cref="Large"/>, for which some goals are others.</value>
    public bool IsLarge => Name.StartsWith("large", StringComparison.Ordinal);

    public string Folder { get; }

    /// <value>Threads of an ONNX Runtime call.</value>
    public int Threads { get; }

    public bool PrefixCache { get; }

    public ModelPackage Package { get; }

    public DecoderShape Shape { get; }

    public int Vocabulary => Shape.Vocabulary;

    /// <summary>About 100 million parameters, a context of 8192.</summary>
    public static GenerationModel Large(string root, KvLayout layout, int threads) =>
        Make(root, "large", LlamaFolder.Configure(layers: 12, hidden: 768, heads: 12, kvHeads: 4, intermediate: 2048, vocabulary: 16384, context: 8192, tie: false), layout, threads);

    /// <summary>The dimensions of stories260k.</summary>
    public static GenerationModel Small(string root, KvLayout layout, int threads) =>
        Make(root, "small", LlamaFolder.Configure(layers: 5, hidden: 64, heads: 8, kvHeads: 4, intermediate: 172, vocabulary: 512, context: 2048), layout, threads);

    /// <summary>An engine of its own, loaded and warm.</summary>
    public async Task<IGenerationEngine> EngineAsync()
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddMeridianInference(store => store.Root = Folder);
        await using var provider = services.BuildServiceProvider();

        // Prompts differ in every round, so a cache of prefixes would only cost; what it saves is no subject here.
        return (IGenerationEngine)await provider.GetRequiredService<EngineCatalog>().CreateAsync(
            Package, new EngineOptions { IntraOpThreads = Threads, PrefixCache = PrefixCache }, CancellationToken.None);
    }

    private static GenerationModel Make(string root, string name, LlamaConfig config, KvLayout layout, int threads)
    {
        var folder = Path.Combine(root, $"{name}-{layout}".ToLowerInvariant());
        if (!Directory.Exists(folder))
        {
            Console.WriteLine($"making {name}, {config.Parameters / 1e6:0.0} M parameters, layout {layout} ...");
            LlamaFolder.Make(folder, config, seed: 1, layout);
        }

        return new GenerationModel(name, folder, threads, prefixCache: false);
    }
}
