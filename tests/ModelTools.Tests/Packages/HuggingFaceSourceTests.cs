using Meridian.Inference.Decoders;
using Meridian.Inference.Decoders.Contract;
using Meridian.Inference.Packages;
using Meridian.Inference.Packages.HuggingFace;
using Meridian.Inference.Packages.Store;
using Meridian.ModelTools.Llama;
using Meridian.ModelTools.Tests.Harness;
using Meridian.Onnx;
using Meridian.Onnx.Writing;
using Meridian.TestModels;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Meridian.ModelTools.Tests.Packages;

public sealed class HuggingFaceSourceTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(KvLayout.Concatenated)]
    [InlineData(KvLayout.Shared)]
    [InlineData(KvLayout.Merged)]
    public async Task A_folder_becomes_a_package(KvLayout layout)
    {
        var stages = new List<ImportStage>();
        var source = new HuggingFaceSource("made", MadeModels.Get(layout)) { Progress = new Recorder(stages) };

        var package = await Store().InstallAsync(source, TestContext.Current.CancellationToken);

        var manifest = package.Manifest;
        Assert.Equal(("made", source.KnownVersion, "fp32", "generation", "local"), (manifest.Name, manifest.Version, manifest.Variant, manifest.Kind, manifest.OwnedBy));
        Assert.Equal(("onnx/model.onnx", "tokenizer.json", 512), (manifest.Graph, manifest.Tokenizer, manifest.MaxTokens));
        Assert.Equal(
            ["config.json", "generation_config.json", "onnx/model.onnx", "special_tokens_map.json", "tokenizer.json", "tokenizer_config.json"],
            manifest.Files.Select(file => file.Path).Order(StringComparer.Ordinal));
        Assert.Equal(layout, DecoderCheck.Run(package).Layout);
        Assert.Equal([ImportStage.Hashing, ImportStage.Checking, ImportStage.Copying], stages.Distinct());
    }

    [Fact]
    public async Task The_same_content_is_the_same_version_and_is_not_copied_twice()
    {
        var store = Store();
        var first = await store.InstallAsync(new HuggingFaceSource("made", MadeModels.Get(KvLayout.Shared)), TestContext.Current.CancellationToken);
        var stages = new List<ImportStage>();

        var second = await store.InstallAsync(
            new HuggingFaceSource("made", Copy(KvLayout.Shared)) { Progress = new Recorder(stages) }, TestContext.Current.CancellationToken);

        Assert.Equal(first.Directory, second.Directory);
        Assert.DoesNotContain(ImportStage.Copying, stages);
    }

    [Fact]
    public void Half_precision_is_another_variant() =>
        Assert.Equal("fp16", new HuggingFaceSource("made", MadeModels.Get(KvLayout.Shared, OnnxType.Float16)).Check().Manifest.Variant);

    [Fact]
    public void A_graph_at_the_top_is_found_and_licence_and_publisher_are_read()
    {
        var model = Copy(KvLayout.Shared);
        File.Move(Path.Combine(model, "onnx", "model.onnx"), Path.Combine(model, "model.onnx"));
        File.WriteAllText(Path.Combine(model, "README.md"), "---\ntags:\n- text\nlicense: mit\n---\n# A model\nlicense: none\n");
        Folders.Edit(model, "config.json", "\"model_type\"", "\"_name_or_path\": \"acme/tiny\",\n  \"model_type\"");

        var manifest = new HuggingFaceSource("made", model).Check().Manifest;

        Assert.Equal(("model.onnx", "mit", "acme"), (manifest.Graph, manifest.License, manifest.OwnedBy));
    }

    [Fact]
    public async Task External_data_belongs_to_the_package()
    {
        var model = Copy(KvLayout.Concatenated);
        OnnxModelFile.Write(
            Path.Combine(model, "onnx", "model.onnx"), LlamaGraph.Build(MadeModels.Config, RandomWeights.Make(MadeModels.Config, MadeModels.Seed), KvLayout.Concatenated), inlineLimit: 0);

        var package = await Store().InstallAsync(new HuggingFaceSource("made", model), TestContext.Current.CancellationToken);

        Assert.Contains(package.Manifest.Files, file => file.Path == "onnx/model.onnx_data");
        using var stage = OnnxDecoderStage.Load(package, new DecoderStageOptions { Slots = 1 });
        var logits = new float[MadeModels.Config.Vocabulary];
        stage.Forward([new DecoderRow(0, 0, 0, 3, WantsLogits: true)], [1, 20, 30], logits);
        using var plain = new RawDecoder(MadeModels.Get(KvLayout.Concatenated), KvLayout.Concatenated);
        Assert.All(plain.Append([1, 20, 30])[^1].Zip(logits), pair => Assert.Equal(pair.First, pair.Second, 1e-4f));
    }

    [Theory]
    [InlineData("../other/onnx/model.onnx")]
    [InlineData("onnx/../../other/onnx/model.onnx")]
    [InlineData("..\\other\\onnx\\model.onnx")]
    [InlineData("/model.onnx")]
    public void A_graph_outside_of_the_folder_is_refused(string graph)
    {
        var model = Copy(KvLayout.Shared);
        Folders.Copy(MadeModels.Get(KvLayout.Shared), Path.Combine(_folder.Path, "other"));

        var refused = Assert.Throws<ModelPackageException>(() => new HuggingFaceSource("made", model, graph).Check());

        Assert.Contains($"The graph '{graph}' does not lie in", refused.Message, StringComparison.Ordinal);
    }

    public static TheoryData<string, string> Damage => new()
    {
        { "no config", "has no config.json" },
        { "no tokenizer", "has no tokenizer.json" },
        { "no graph", "there is no ONNX file in it" },
        { "other graph", "there are onnx/model_q4.onnx. Name the one that is meant." },
        { "cut tokenizer", "is no Hugging Face tokenizer" },
        { "other tokenizer", "ids up to 511, but the graph takes 384 tokens" },
        { "cut graph", "is no ONNX model, or ends too early" },
        { "pointer for a graph", "is a pointer of Git LFS and not the file itself" },
        { "text for a graph", "is no ONNX model" },
        { "no external data", "keeps weights in 'onnx/model.onnx_data', which is not there" },
        { "broken config", "is no JSON" },
        { "layers", "config.json has 3 layers; the graph has keys and values of 2" },
        { "kv heads", "config.json has 4 key and value heads" },
        { "vocabulary", "config.json has a vocabulary of 400" },
    };

    [Theory]
    [MemberData(nameof(Damage))]
    public async Task Damage_is_refused_with_the_reason_and_nothing_is_installed(string damage, string reason)
    {
        var model = Copy(KvLayout.Concatenated);
        Inflict(model, damage);

        var refused = await Assert.ThrowsAsync<ModelPackageException>(() => Store().InstallAsync(new HuggingFaceSource("made", model), TestContext.Current.CancellationToken));

        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.Exists(StoreRoot) ? Directory.GetFiles(StoreRoot, "manifest.json", SearchOption.AllDirectories) : []);
    }

    [Theory]
    [InlineData("cut tokenizer", "is no Hugging Face tokenizer")]
    [InlineData("layers", "config.json has 3 layers")]
    [InlineData("no numbers", "logits that are no finite numbers")]
    public async Task The_command_says_why(string damage, string reason)
    {
        var model = Copy(KvLayout.Concatenated);
        Inflict(model, damage);

        var (code, _, error) = await Tool.RunAsync("import", model, "--name", "made", "--store", StoreRoot);

        Assert.Equal(ModelTools.Commands.ExitCode.Unavailable, code);
        Assert.Contains(reason, error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(StoreRoot, "made")));
    }

    [Theory]
    [InlineData("LICENSE")]
    [InlineData("README.md")]
    [InlineData("chat_template.jinja")]
    [InlineData("tokenizer.json")]
    [InlineData("config.json")]
    [InlineData("onnx/model.onnx")]
    [InlineData("onnx/model.onnx_data")]
    public async Task A_link_that_leads_out_of_the_folder_is_refused_and_nothing_is_installed(string file)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Links need rights on Windows.");
        var model = External(Path.Combine(_folder.Path, "model"));
        var (path, outside) = (Path.Combine(model, file), Path.Combine(_folder.Path, "outside"));
        if (File.Exists(path))
            File.Move(path, outside);
        else
            File.WriteAllText(outside, "---\nlicense: private\n---\n");
        File.CreateSymbolicLink(path, outside);

        var refused = await Assert.ThrowsAsync<ModelPackageException>(() => Store().InstallAsync(new HuggingFaceSource("made", model), TestContext.Current.CancellationToken));

        Assert.Contains($"is a link to '{outside}', which lies outside of it", refused.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.Exists(StoreRoot) ? Directory.GetFiles(StoreRoot, "*.*", SearchOption.AllDirectories).Where(path => !path.EndsWith(".lock", StringComparison.Ordinal)) : []);
    }

    [Fact]
    public async Task A_snapshot_of_the_hubs_cache_is_imported_whole()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Links need rights on Windows.");
        var made = External(Path.Combine(_folder.Path, "model"));
        var cache = Path.Combine(_folder.Path, "hub", "models--acme--tiny");
        var snapshot = Path.Combine(cache, "snapshots", "0a1b2c");
        Directory.CreateDirectory(Path.Combine(cache, "blobs"));
        var number = 0;
        foreach (var file in Directory.GetFiles(made, "*", SearchOption.AllDirectories))
        {
            var blob = Path.Combine(cache, "blobs", $"{number++:x8}");
            File.Copy(file, blob);
            var link = Path.Combine(snapshot, Path.GetRelativePath(made, file));
            Directory.CreateDirectory(Path.GetDirectoryName(link)!);
            File.CreateSymbolicLink(link, Path.GetRelativePath(Path.GetDirectoryName(link)!, blob));
        }

        var (code, output, error) = await Tool.RunAsync("import", snapshot, "--name", "made", "--store", StoreRoot);

        Assert.True(code == ModelTools.Commands.ExitCode.Ok, error + output);
        var package = Store().Open("made");
        Assert.All(package.Manifest.Files, file => Assert.Null(new FileInfo(Path.Combine(package.Directory, file.Path)).LinkTarget));
        using var stage = OnnxDecoderStage.Load(package, new DecoderStageOptions { Slots = 1 });
    }

    private static string External(string folder)
    {
        var model = Folders.Copy(MadeModels.Get(KvLayout.Concatenated), folder);
        OnnxModelFile.Write(
            Path.Combine(model, "onnx", "model.onnx"), LlamaGraph.Build(MadeModels.Config, RandomWeights.Make(MadeModels.Config, MadeModels.Seed), KvLayout.Concatenated), inlineLimit: 0);
        return model;
    }

    private static void Inflict(string model, string damage)
    {
        var graph = Path.Combine(model, "onnx", "model.onnx");
        switch (damage)
        {
            case "no config":
                File.Delete(Path.Combine(model, "config.json"));
                break;
            case "no tokenizer":
                File.Delete(Path.Combine(model, "tokenizer.json"));
                break;
            case "no graph":
                File.Delete(graph);
                break;
            case "other graph":
                File.Move(graph, Path.Combine(model, "onnx", "model_q4.onnx"));
                break;
            case "cut tokenizer":
                Folders.Cut(model, "tokenizer.json", 0.7);
                break;
            case "other tokenizer":
                Meridian.ModelTools.Tokenization.MadeTokenizer.Write(model, Meridian.ModelTools.Tokenization.MadeVocabulary.Make(512), 512);
                break;
            case "cut graph":
                Folders.Cut(model, "onnx/model.onnx", 0.5);
                break;
            case "pointer for a graph":
                File.WriteAllText(graph, "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n");
                break;
            case "text for a graph":
                File.WriteAllText(graph, "no graph at all");
                break;
            case "no external data":
                OnnxModelFile.Write(graph, LlamaGraph.Build(MadeModels.Config, RandomWeights.Make(MadeModels.Config, 1), KvLayout.Concatenated), inlineLimit: 0);
                File.Delete(graph + OnnxModelFile.ExternalSuffix);
                break;
            case "no numbers":
                var weights = RandomWeights.Make(MadeModels.Config, 1);
                OnnxModelFile.Write(graph, LlamaGraph.Build(MadeModels.Config, weights with { FinalNorm = Enumerable.Repeat(float.NaN, MadeModels.Config.Hidden).ToArray() }, KvLayout.Concatenated));
                break;
            case "broken config":
                Folders.Cut(model, "config.json", 0.5);
                break;
            case "layers":
                Folders.Edit(model, "config.json", "\"num_hidden_layers\": 2", "\"num_hidden_layers\": 3");
                break;
            case "kv heads":
                Folders.Edit(model, "config.json", "\"num_key_value_heads\": 2", "\"num_key_value_heads\": 4");
                break;
            case "vocabulary":
                Folders.Edit(model, "config.json", "\"vocab_size\": 384", "\"vocab_size\": 400");
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(damage), damage, "No such damage.");
        }
    }

    private string StoreRoot => Path.Combine(_folder.Path, "store");

    private string Copy(KvLayout layout) => Folders.Copy(MadeModels.Get(layout), Path.Combine(_folder.Path, "model"));

    private ModelStore Store() => new(Options.Create(new ModelStoreOptions { Root = StoreRoot }), TimeProvider.System, NullLogger<ModelStore>.Instance);

    private sealed class Recorder(List<ImportStage> stages) : IProgress<ImportProgress>
    {
        public void Report(ImportProgress value) => stages.Add(value.Stage);
    }
}
