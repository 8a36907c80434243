using System.Text.Json;
using Meridian.Inference.Decoders;
using Meridian.Inference.Packages;

namespace Meridian.Inference.Tests.Decoders;

/// <summary>The small trained model, where it is at hand, and what it is known to say.</summary>
public sealed class Stories : IDisposable
{
    private PlainModel? _plain;
    private ModelPackage? _package;

    internal async Task<(ModelPackage Package, PlainModel Plain)> GetAsync()
    {
        _package ??= await TestModels.PackageAsync(TestModels.Folder("stories260k"));
        _plain ??= new PlainModel(Path.Combine(_package.Directory, _package.Manifest.Graph), DecoderConfig.Read(_package));
        return (_package, _plain);
    }

    /// <summary>Prompts with the ids that greedy decoding continues them with.</summary>
    internal static IReadOnlyList<(int[] Prompt, int[] Generated)> Golden()
    {
        using var golden = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(TestModels.Folder("stories260k"), "GOLDEN.json")));
        return [.. golden.RootElement.GetProperty("cases").EnumerateArray().Select(c => (Ids(c, "prompt_ids"), Ids(c, "generated_ids")))];

        static int[] Ids(JsonElement one, string name) => [.. one.GetProperty(name).EnumerateArray().Select(i => i.GetInt32())];
    }

    public void Dispose() => _plain?.Dispose();
}
