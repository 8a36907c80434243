using System.Text.Json;
using Meridian.Inference.Decoders.Contract;
using Meridian.Inference.Packages;
using Meridian.ModelTools.Llama;

namespace Meridian.Inference.Tests.Decoders;

/// <summary>A trained model, where it is at hand, and what it is known to say.</summary>
public abstract class Stories(string name) : IDisposable
{
    private readonly TemporaryDirectory _plainFolder = new();
    private PlainModel? _plain;
    private ModelPackage? _package;

    /// <value>As its graph and configuration say.</value>
    internal abstract DecoderShape Shape { get; }

    internal async Task<(ModelPackage Package, PlainModel Plain)> GetAsync()
    {
        _package ??= await TestModels.PackageAsync(TestModels.Folder(name));
        if (_plain is null)
        {
            var graph = Path.Combine(_package.Directory, _package.Manifest.Graph);
            if (Shape.Layout != KvLayout.Concatenated)
            {
                // The same weights in standard operators alone.
                var folder = Path.Combine(_plainFolder.Path, "plain");
                LlamaFolder.Export(_package.Directory, folder, KvLayout.Concatenated);
                graph = Path.Combine(folder, LlamaFolder.Graph);
            }

            _plain = new PlainModel(graph, DecoderConfig.Read(_package));
        }

        return (_package, _plain);
    }

    /// <summary>Prompts with the ids that greedy decoding continues them with.</summary>
    internal IReadOnlyList<(int[] Prompt, int[] Generated)> Golden()
    {
        using var golden = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(TestModels.Folder(name), "GOLDEN.json")));
        return [.. golden.RootElement.GetProperty("cases").EnumerateArray().Select(c => (Ids(c, "prompt_ids"), Ids(c, "generated_ids")))];

        static int[] Ids(JsonElement one, string name) => [.. one.GetProperty(name).EnumerateArray().Select(i => i.GetInt32())];
    }

    public void Dispose()
    {
        _plain?.Dispose();
        _plainFolder.Dispose();
        GC.SuppressFinalize(this);
    }
}

/// <summary>The model that comes with Meridian.</summary>
public sealed class BuiltInStories() : Stories(TestModels.BuiltIn)
{
    internal override DecoderShape Shape { get; } = new() { Layout = KvLayout.Shared, Layers = 4, KvHeads = 4, HeadDimension = 16, Vocabulary = 512, ContextLength = 512, ElementSize = 4 };
}

/// <summary>Its teacher.</summary>
public sealed class TeacherStories() : Stories(TestModels.Teacher)
{
    internal override DecoderShape Shape { get; } = new() { Layout = KvLayout.Concatenated, Layers = 5, KvHeads = 4, HeadDimension = 8, Vocabulary = 512, ContextLength = 512, ElementSize = 4 };
}
