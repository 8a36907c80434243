using System.Security.Cryptography;
using System.Text.Json;
using Meridian.Inference.Packages;

namespace Meridian.Benchmarks.Embeddings;

/// <summary>A model package around nothing.</summary>
public static class NoOpPackage
{
    public const string Kind = "noop";
    public const string Model = "noop";
    public const int Dimensions = 384;

    /// <summary>Writes the package.</summary>
    public static void Write(string directory)
    {
        Directory.CreateDirectory(directory);
        var content = "nothing to run"u8.ToArray();
        File.WriteAllBytes(Path.Combine(directory, "graph.bin"), content);
        var digest = Convert.ToHexStringLower(SHA256.HashData(content));
        var manifest = new ModelManifest
        {
            Name = Model,
            Version = $"v1@{digest[..8]}",
            Variant = "fp32",
            Kind = Kind,
            OwnedBy = "meridian",
            Files = [new ModelFile("graph.bin", content.Length, digest)],
            Graph = "graph.bin",
            MaxTokens = 256,
            Dimensions = Dimensions,
        };
        File.WriteAllText(Path.Combine(directory, ModelManifestRules.FileName), JsonSerializer.Serialize(manifest, JsonSerializerOptions.Web));
    }
}
