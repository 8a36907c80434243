using System.Security.Cryptography;
using System.Text;
using Meridian.Inference.Packages;

namespace Meridian.Inference.Tests.Packages;

/// <summary>A source of small files, whose steps a test can watch and disturb.</summary>
internal sealed class FakeSource : IModelSource
{
    private static readonly (string Path, byte[] Content)[] Files =
    [
        ("graph.onnx", Encoding.UTF8.GetBytes("not a graph, but bytes with a hash")),
        ("deep/er/tokenizer.json", Encoding.UTF8.GetBytes("{}")),
    ];

    private int _writes;

    public string Name { get; init; } = "fake";

    public string? KnownVersion { get; init; } = "v1@00000001";

    public int Writes => _writes;

    /// <value>Runs after the files were written, before the manifest is returned.</value>
    public Func<string, Task> AfterFiles { get; init; } = _ => Task.CompletedTask;

    public Func<ModelManifest, ModelManifest> Change { get; init; } = m => m;

    public static ModelManifest Manifest => new()
    {
        Name = "fake",
        Version = "v1@00000001",
        Variant = "fp32",
        Kind = "embedding",
        OwnedBy = "tests",
        Files = [.. Files.Select(f => new ModelFile(f.Path, f.Content.Length, Convert.ToHexStringLower(SHA256.HashData(f.Content))))],
        Graph = "graph.onnx",
        Tokenizer = "deep/er/tokenizer.json",
        MaxTokens = 8,
        Dimensions = 4,
        Pooling = "mean",
        Normalize = true,
    };

    public async Task<ModelManifest> WriteAsync(string directory, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _writes);
        foreach (var (path, content) in Files)
        {
            var target = Path.Combine(directory, path);
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            await File.WriteAllBytesAsync(target, content, cancellationToken);
        }

        await AfterFiles(directory);
        return Change(Manifest with { Name = Name });
    }
}
