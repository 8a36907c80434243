using System.Text.Json;
using Meridian.Inference.Packages;

namespace Meridian.Client.Tests.Generation;

/// <summary>A generative model in a folder as Hugging Face and Optimum lay it out, taken as it is.</summary>
internal sealed class FolderSource(string name, string folder) : IModelSource
{
    public string Name => name;

    public string? KnownVersion => null;

    public async Task<ModelManifest> WriteAsync(string directory, CancellationToken cancellationToken)
    {
        var files = new List<ModelFile>();
        foreach (var from in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Where(f => Path.GetExtension(f) is ".json" or ".onnx" or ".data"))
        {
            var path = Path.GetRelativePath(folder, from);
            var to = Path.Combine(directory, path);
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.Copy(from, to);
            files.Add(await ContentDigest.DescribeAsync(directory, path.Replace(Path.DirectorySeparatorChar, '/'), cancellationToken));
        }

        using var config = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(folder, "config.json"), cancellationToken));
        return new ModelManifest
        {
            Name = name,
            Version = $"v1@{ContentDigest.Of(files)}",
            Variant = "fp32",
            Kind = "generation",
            OwnedBy = "tests",
            Files = [.. files],
            Graph = "onnx/model.onnx",
            Tokenizer = "tokenizer.json",
            MaxTokens = config.RootElement.GetProperty("max_position_embeddings").GetInt32(),
        };
    }
}
