using Meridian.Inference.Packages;

namespace Meridian.Grains.Tests.Fakes;

/// <summary>A Hugging Face folder as a model that generates text.</summary>
public sealed class FolderSource(string name, string folder, int maxTokens) : IModelSource
{
    public string Name => name;

    public string? KnownVersion => null;

    public async Task<ModelManifest> WriteAsync(string directory, CancellationToken cancellationToken)
    {
        var files = new List<ModelFile>();
        foreach (var file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
        {
            var path = Path.GetRelativePath(folder, file).Replace('\\', '/');
            if (path is not "onnx/model.onnx" && path.Contains('/', StringComparison.Ordinal)) continue;
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(directory, path))!);
            File.Copy(file, Path.Combine(directory, path));
            files.Add(await ContentDigest.DescribeAsync(directory, path, cancellationToken));
        }

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
            MaxTokens = maxTokens,
        };
    }
}
