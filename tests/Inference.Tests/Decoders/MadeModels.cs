using Meridian.Inference.Decoders.Contract;
using Meridian.Inference.Packages;
using Meridian.ModelTools.Llama;
using Meridian.Onnx;

namespace Meridian.Inference.Tests.Decoders;

/// <summary>One set of random weights in every layout, made once.</summary>
public sealed class MadeModels : IDisposable
{
    internal const int Seed = 5;
    private readonly TemporaryDirectory _root = new();
    private PlainModel? _plain;

    // Merged graphs have as many heads for keys as for queries where they come from, so both kinds are made. Dimension 16 is rotated inside the operator, 8 before it.
    internal static LlamaConfig Config(bool rotatedInside = true) =>
        LlamaFolder.Configure(layers: 2, hidden: rotatedInside ? 64 : 32, heads: 4, kvHeads: 2, intermediate: 48, vocabulary: 300, context: 64);

    internal async Task<(ModelPackage Package, PlainModel Plain)> GetAsync(KvLayout layout)
    {
        var plain = await MakeAsync(KvLayout.Concatenated);
        _plain ??= new PlainModel(Path.Combine(plain.Directory, plain.Manifest.Graph), DecoderConfig.Read(plain));
        return (await MakeAsync(layout), _plain);
    }

    internal async Task<ModelPackage> MakeAsync(KvLayout layout, LlamaConfig? config = null, OnnxType type = OnnxType.Float, string name = "made")
    {
        var folder = Path.Combine(_root.Path, $"{name}-{layout}-{type}");
        if (!Directory.Exists(folder))
            LlamaFolder.Make(folder, config ?? Config(), Seed, layout, type, cancellationToken: TestContext.Current.CancellationToken);
        return await TestModels.PackageAsync(folder);
    }

    public void Dispose()
    {
        _plain?.Dispose();
        _root.Dispose();
    }
}
