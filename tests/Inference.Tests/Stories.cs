using System.Text.Json;
using Meridian.Inference.Packages;

namespace Meridian.Inference.Tests;

/// <summary>The small trained generator that a machine may have; tests that want it are skipped elsewhere.</summary>
internal static class Stories
{
    public static string Directory
    {
        get
        {
            var models = Environment.GetEnvironmentVariable("MERIDIAN_TEST_MODELS");
            var directory = string.IsNullOrEmpty(models) ? "" : Path.Combine(models, "stories260k");
            if (!System.IO.Directory.Exists(directory))
                Assert.Skip("needs the model stories260k: set MERIDIAN_TEST_MODELS to the folder that holds it");
            return directory;
        }
    }

    /// <summary>Its text files as a package, without the graph.</summary>
    public static Task<ModelPackage> TextPackageAsync() =>
        MadePackage.OfAsync(Directory, "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json");

    public static JsonElement Golden()
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Directory, "GOLDEN.json")));
        return document.RootElement.Clone();
    }
}
