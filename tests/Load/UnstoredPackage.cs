using Meridian.Inference.Packages;

namespace Meridian.Load;

/// <summary>Packages of folders as they are, without a store.</summary>
public static class UnstoredPackage
{
    /// <summary>A Hugging Face folder of a decoder: its files where they are, with their hashes.</summary>
    /// <param name="folder">Holds <c>onnx/model.onnx</c> and <c>tokenizer.json</c>.</param>
    /// <param name="maxTokens">Most tokens of an input; 0 for the model's own limit.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public static async Task<ModelPackage> OfAsync(string folder, int maxTokens = 0, CancellationToken cancellationToken = default)
    {
        var files = new List<ModelFile>();
        foreach (var file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
            files.Add(await ContentDigest.DescribeAsync(folder, Path.GetRelativePath(folder, file).Replace('\\', '/'), cancellationToken));
        return new ModelPackage(folder, new ModelManifest
        {
            Name = Path.GetFileName(folder),
            Version = $"v1@{ContentDigest.Of(files)}",
            Variant = "fp32",
            Kind = "generation",
            OwnedBy = "tests",
            Files = [.. files],
            Graph = "onnx/model.onnx",
            Tokenizer = "tokenizer.json",
            MaxTokens = maxTokens,
        });
    }
}
