using CsCheck;
using Meridian.Inference.Packages;

namespace Meridian.Inference.Tests.Packages;

public sealed class ModelManifestRulesTests
{
    [Fact]
    public void A_sound_manifest_has_no_mistakes() => Assert.Empty(ModelManifestRules.Check(FakeSource.Manifest));

    [Fact]
    public void All_mistakes_are_told_at_once()
    {
        var mistakes = ModelManifestRules.Check(FakeSource.Manifest with
        {
            Name = "a/b",
            Version = "..",
            Variant = "",
            Kind = null!,
            OwnedBy = " ",
            Created = -1,
            MaxTokens = -2,
            Dimensions = -3,
            Graph = "gone.onnx",
            Tokenizer = "gone.json",
            Files = [new ModelFile("../up", -4, "XYZ"), null!, new ModelFile("a", 0, new string('a', 64)), new ModelFile("A", 0, new string('a', 64))],
        });
        string[] fields = ["name 'a/b'", "version '..'", "variant ''", "kind ''", "ownedBy", "created -1", "maxTokens -2", "dimensions -3", "graph 'gone.onnx'", "tokenizer 'gone.json'",
            "files[0].path '../up'", "files[0].size -4", "files[0].sha256 'XYZ'", "files[1] is null", "files[3].path 'A' is listed twice"];
        Assert.All(fields, f => Assert.Contains(mistakes, m => m.StartsWith(f, StringComparison.Ordinal)));
        Assert.Equal(fields.Length, mistakes.Count);
    }

    [Theory]
    [InlineData("/etc/passwd")]
    [InlineData("..")]
    [InlineData("a/../b")]
    [InlineData("./a")]
    [InlineData("a//b")]
    [InlineData("a/")]
    [InlineData("a\\b")]
    [InlineData("C:a")]
    [InlineData("a\nb")]
    [InlineData("")]
    [InlineData(null)]
    [InlineData("manifest.json")]
    [InlineData("MANIFEST.json")]
    public void Paths_stay_inside_the_package(string? path)
    {
        var mistakes = ModelManifestRules.Check(FakeSource.Manifest with { Files = [.. FakeSource.Manifest.Files, new ModelFile(path!, 0, new string('0', 64))] });
        Assert.StartsWith("files[2].path", Assert.Single(mistakes), StringComparison.Ordinal);
    }

    [Fact]
    public void Whatever_is_accepted_lies_below_the_package() =>
        Gen.OneOf(Gen.String["./\\ab:"], Gen.String).Sample(path =>
        {
            var mistakes = ModelManifestRules.Check(FakeSource.Manifest with { Files = [.. FakeSource.Manifest.Files, new ModelFile(path, 0, new string('0', 64))] });
            if (mistakes.Count == 0)
                Assert.StartsWith("/root/package/", Path.GetFullPath(Path.Combine("/root/package", path)), StringComparison.Ordinal);
        });
}
