using Meridian.Inference.Decoders.Contract;
using Meridian.Inference.Packages.HuggingFace;
using Meridian.Inference.Packages.MiniLm;
using Meridian.Silo.Configuration;
using Meridian.Silo.Configuration.Reading;
using Meridian.Silo.Sources;
using Meridian.TestModels;

namespace Meridian.Silo.Tests.Configuration;

public sealed class NamedModelTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("meridian-silo-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Named_models_are_served_beside_the_configured_ones()
    {
        var made = MadeModels.Get(KvLayout.Shared);

        var options = Read([new("one", made), new("two", made)]);

        Assert.Equal(["minilm", "stories", "one", "two"], options.Models.Select(model => model.Name));
        Assert.Equal(["embedding", "generation", "generation", "generation"], options.Models.Select(model => model.Kind));
        Assert.Equal(["minilm", "stories", made, made], options.Models.Select(model => model.Source));
        Assert.IsType<MiniLmSource>(ModelSources.Find(options.Models[0].Name, options.Models[0].Source));
        Assert.IsType<HuggingFaceSource>(ModelSources.Find(options.Models[1].Name, options.Models[1].Source));
        Assert.IsType<HuggingFaceSource>(ModelSources.Find(options.Models[2].Name, options.Models[2].Source));
    }

    [Fact]
    public void A_named_model_takes_the_place_and_keeps_the_settings_of_one_with_its_name()
    {
        var made = MadeModels.Get(KvLayout.Shared);

        var options = Read([new("minilm", made)], "--Meridian:Models:0:Replicas=3", "--Meridian:Models:4:Name=late", "--Meridian:Models:4:Source=minilm");

        Assert.Equal(["minilm", "stories", "late"], options.Models.Select(model => model.Name));
        Assert.Equal((made, "generation", 3), (options.Models[0].Source, options.Models[0].Kind, options.Models[0].Replicas));
    }

    [Fact]
    public void A_model_package_says_itself_what_it_is()
    {
        File.WriteAllText(Path.Combine(_directory, "manifest.json"), """
            { "name": "pack", "version": "v1@00000000", "variant": "fp32", "kind": "embedding", "ownedBy": "tests", "graph": "model.onnx",
              "files": [ { "path": "model.onnx", "size": 0, "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" } ] }
            """);

        var model = Read([new("pack", _directory)]).Models[2];

        Assert.Equal("embedding", model.Kind);
        Assert.IsType<DirectorySource>(ModelSources.Find(model.Name, model.Source));
    }

    [Theory]
    [InlineData("{ \"name\": ")]
    [InlineData("null")]
    [InlineData("""{ "name": "pack" }""")]
    [InlineData("""{ "name": "pack", "kind": 7 }""")]
    public void A_damaged_package_is_left_to_its_installation(string manifest)
    {
        File.WriteAllText(Path.Combine(_directory, "manifest.json"), manifest);

        Assert.Equal("embedding", Read([new("pack", _directory)]).Models[2].Kind);
        Assert.Equal("embedding", Read([], "--Meridian:Models:2:Name=pack", $"--Meridian:Models:2:Source={_directory}").Models[2].Kind);
    }

    [Fact]
    public void A_folder_in_the_settings_needs_no_kind()
    {
        var made = MadeModels.Get(KvLayout.Concatenated);

        var model = Read([], "--Meridian:Models:2:Name=made", $"--Meridian:Models:2:Source={made}", "--Meridian:Models:2:KvCacheMiB=64", "--Meridian:Models:2:PrefixCache=false").Models[2];

        Assert.Equal(("generation", 64, false, 64, 512, 256), (model.Kind, model.KvCacheMiB, model.PrefixCache, model.MaxSequences, model.PrefillChunk, model.RingTokens));
    }

    [Theory]
    [InlineData("stories", "--model 'stories': must be NAME=DIR")]
    [InlineData("=dir", "--model '=dir': must be NAME=DIR")]
    [InlineData("stories=", "--model 'stories=': must be NAME=DIR")]
    public void What_is_no_name_and_folder_is_refused(string text, string mistake) =>
        Assert.Contains(mistake, Assert.Single(Assert.Throws<MistakesException>(() => NamedModel.Parse([text])).Mistakes), StringComparison.Ordinal);

    [Fact]
    public void A_name_given_twice_is_refused() =>
        Assert.Contains("'a' is given twice", Assert.Single(Assert.Throws<MistakesException>(() => NamedModel.Parse(["a=x", "a=y"])).Mistakes), StringComparison.Ordinal);

    [Fact]
    public void A_relative_folder_is_made_absolute_and_may_contain_an_equals_sign() =>
        Assert.Equal($"a={Path.GetFullPath("x=y")}", Assert.Single(NamedModel.Parse(["a=x=y"])).ToString());

    [Fact]
    public void A_folder_without_a_model_and_wrong_engine_settings_are_mistakes_that_name_the_remedy()
    {
        var mistakes = Assert.Throws<MistakesException>(() => Read(
            [new("none", _directory)], "--Meridian:Models:0:MaxSequences=0", "--Meridian:Models:0:KvCacheMiB=0", "--Meridian:Models:0:PrefillChunk=0", "--Meridian:Models:0:RingTokens=0")).Mistakes;

        foreach (var part in new[]
        {
            $"Meridian:Models:2:Source = '{_directory}': must be 'minilm' or 'stories' (built in), a directory with a manifest.json, or a Hugging Face folder",
            "Meridian:Models:0:MaxSequences = 0: must be 1 to 4096.",
            "Meridian:Models:0:KvCacheMiB = 0: must be 1 to 1048576.",
            "Meridian:Models:0:PrefillChunk = 0: must be 1 to 1048576.",
            "Meridian:Models:0:RingTokens = 0: must be 1 to 1048576.",
        })
        {
            Assert.Contains(mistakes, mistake => mistake.StartsWith(part, StringComparison.Ordinal));
        }
    }

    private static MeridianOptions Read(IReadOnlyList<NamedModel> models, params string[] overrides) =>
        MeridianConfiguration.Read(MeridianConfiguration.Load(null, overrides, [], models));
}
