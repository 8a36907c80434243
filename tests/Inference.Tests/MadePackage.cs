using Meridian.Inference.Packages;

namespace Meridian.Inference.Tests;

/// <summary>Packages of files that a test has made.</summary>
internal static class MadePackage
{
    /// <summary>A package of files in a directory, the first of them its tokenizer.</summary>
    public static async Task<ModelPackage> OfAsync(string directory, params string[] files)
    {
        var described = new List<ModelFile>();
        foreach (var file in files)
            described.Add(await ContentDigest.DescribeAsync(directory, file, TestContext.Current.CancellationToken));
        return new ModelPackage(directory, new ModelManifest
        {
            Name = "made",
            Version = "v1",
            Variant = "fp32",
            Kind = "generation",
            OwnedBy = "tests",
            Files = [.. described],
            Graph = files[0],
            Tokenizer = files[0],
            MaxTokens = 512,
        });
    }
}
