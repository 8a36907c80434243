using Meridian.Inference.Packages;

namespace Meridian.Inference.Tests.Decoders;

/// <summary>Real models that are too large to be part of the repository.</summary>
internal static class TestModels
{
    private const string Variable = "MERIDIAN_TEST_MODELS";

    /// <summary>The folder of a model; skips the test where it is not at hand.</summary>
    public static string Folder(string name)
    {
        var root = Environment.GetEnvironmentVariable(Variable);
        if (string.IsNullOrEmpty(root))
            Assert.Skip($"{Variable} is not set: give the folder that holds '{name}' (a Hugging Face folder with onnx/model.onnx).");
        var folder = Path.Combine(root, name);
        if (!Directory.Exists(folder))
            Assert.Skip($"{Variable} is '{root}', which has no folder '{name}'.");
        return folder;
    }

    /// <summary>A folder as a package, without a store: its files where they are, with their hashes.</summary>
    public static async Task<ModelPackage> PackageAsync(string folder, int maxTokens = 0)
    {
        var files = new List<ModelFile>();
        foreach (var file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
            files.Add(await ContentDigest.DescribeAsync(folder, Path.GetRelativePath(folder, file).Replace('\\', '/'), TestContext.Current.CancellationToken));
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
