using System.Text.Json.Nodes;
using Meridian.Inference.Decoders;
using Meridian.Inference.Decoders.Contract;
using Meridian.Inference.Decoders.Graphs;
using Meridian.Inference.Engines;
using Meridian.Inference.Engines.Embeddings;
using Meridian.Inference.Engines.Generation;
using Meridian.Inference.Engines.Generation.Contract;
using Meridian.Inference.Packages;
using Meridian.Inference.Sessions;
using Meridian.Onnx;
using Meridian.Onnx.Writing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Meridian.Inference.Tests.Decoders;

/// <summary>Configurations that promise more than their graphs compute.</summary>
public sealed class GraphTablesTests(MadeModels models) : IClassFixture<MadeModels>, IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("exported/genai-llama3-rope-scaling/model.onnx", 1024, 480, 4, 2)]
    [InlineData("exported/genai-smollm2-graph/model.onnx", 8192, null, 9, 3)]
    [InlineData("exported/optimum-gpt2/model.onnx", 256, 480, null, null)]
    [InlineData("exported/optimum-mistral-sliding/model.onnx", null, 480, null, null)]
    [InlineData("exported/onnx-bert-mean/onnx/model.onnx", 160, 480, null, null)]
    [InlineData("exported/onnx-distilbert-mean/onnx/model.onnx", 160, 480, null, null)]
    [InlineData("exported/onnx-xlm-roberta-prompts/onnx/model.onnx", 158, 481, null, null)]
    [InlineData("int4-256/onnx/model.onnx", 512, 480, null, null)]
    public void Bounds_are_found_in_what_exporters_write(string file, int? positions, int? tokens, int? heads, int? kvHeads)
    {
        var path = TestModels.Folder(file[..file.IndexOf('/', StringComparison.Ordinal)]) + file[file.IndexOf('/', StringComparison.Ordinal)..];
        var tables = TableSearch.Find(PackageGraph.Read(File.ReadAllBytes(path), path));
        Assert.Equal(((long?)positions, (long?)tokens), (tables.Positions?.Reach, tables.Tokens?.Reach));
        if (heads is not null)
            Assert.Equal(((long?)heads, (long?)kvHeads), (tables.Heads, tables.KvHeads));
    }

    [Fact]
    public async Task A_context_beyond_the_rotary_table_is_capped_with_both_numbers_and_longer_texts_are_refused()
    {
        var folder = await CopyAsync(KvLayout.Shared, ("max_position_embeddings", 131_072));
        var package = await TestModels.PackageAsync(folder);
        var shape = DecoderCheck.Run(package);
        Assert.Equal(64, shape.ContextLength);
        Assert.Equal("config.json promises 131072 positions, but the graph's table 'cos_cache' has 64 rows, for texts of 64 tokens. The context is 64 tokens; export the graph for more.", shape.Cap!.ToString());

        var factory = new GenerationEngineFactory(TimeProvider.System, NullLogger<GenerationEngine>.Instance);
        await using var engine = (GenerationEngine)await factory.CreateAsync(package, new EngineOptions { MaxSequences = 4 }, TestContext.Current.CancellationToken);
        Assert.Equal(64, engine.ContextLength);
        var work = new GenerationWork { Prompts = [new GenerationPrompt { TokenIds = [.. Enumerable.Repeat(20, 64)] }], MaxTokens = 1 };
        Assert.Equal(GenerationStatus.TooLong, engine.Open(work).Status);
    }

    [Theory]
    [InlineData(KvLayout.Concatenated)]
    [InlineData(KvLayout.Merged)]
    public async Task A_graph_that_computes_its_rotation_has_the_promised_context(KvLayout layout)
    {
        var shape = DecoderCheck.Run(await TestModels.PackageAsync(await CopyAsync(layout, ("max_position_embeddings", 131_072))));
        Assert.Equal((131_072, null), (shape.ContextLength, shape.Cap));
    }

    [Fact]
    public async Task Attention_of_other_heads_is_refused_with_both_numbers()
    {
        var folder = await CopyAsync(KvLayout.Shared, ("num_attention_heads", 8), ("head_dim", 16));
        var refused = await Assert.ThrowsAsync<ModelPackageException>(async () => DecoderCheck.Run(await TestModels.PackageAsync(folder)));
        Assert.Contains("has 8 attention heads; the graph's com.microsoft.GroupQueryAttention has 4", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Tables_are_found_through_the_nodes_before_them()
    {
        var graph = new OnnxGraphBuilder("tables");
        var ids = graph.Input("input_ids", OnnxType.Int64, "batch", "sequence");
        var positions = graph.Input("position_ids", OnnxType.Int64, "batch", "sequence");
        var types = graph.Input("token_type_ids", OnnxType.Int64, "batch", "sequence");
        var flat = graph.Node("Reshape", "/flat", [ids, graph.Vector(-1)]);
        var moved = graph.Node("Add", "/moved", [graph.Node("Cast", "/cast", [positions], OnnxAttribute.Of("to", 7)), graph.Scalar(2)]);
        var outputs = new[]
        {
            graph.Node("Gather", "/tokens", [Table("tokens", 300), flat]),
            graph.Node("Gather", "/positions", [Table("positions", 130), moved]),
            graph.Node("Gather", "/types", [Table("types", 2), types]),
        };
        foreach (var output in outputs)
            graph.Output(output, OnnxType.Float, "batch", "sequence", 8);
        var path = Path.Combine(_folder.Path, "model.onnx");
        OnnxModelFile.Write(path, graph, cancellationToken: TestContext.Current.CancellationToken);
        var tables = TableSearch.Find(PackageGraph.Read(File.ReadAllBytes(path), path));
        Assert.Equal((new GraphTable("tokens", 300, 300), new GraphTable("positions", 130, 128)), (tables.Tokens, tables.Positions));

        OnnxValue Table(string name, int rows) => graph.Initializer(OnnxInitializer.Of(name, OnnxType.Float, [rows, 8], Enumerable.Repeat((ReadOnlyMemory<float>)new float[8], rows)));
    }

    [Theory]
    [InlineData(160, 0, null)]
    [InlineData(161, 0, "has maxTokens 161, but the table 'embeddings.position_embeddings.weight' of")]
    [InlineData(100_000, 0, "has 160 rows, for texts of 160 tokens. Set maxTokens to at most 160.")]
    [InlineData(160, 20, "has ids up to 499, but the table of tokens 'embeddings.word_embeddings.weight' of")]
    public async Task An_embedding_model_is_held_to_its_tables(int maxTokens, int more, string? expected)
    {
        var source = Path.Combine(TestModels.Folder("exported"), "onnx-bert-mean");
        var (package, vocabulary) = (await EmbeddingAsync(source, maxTokens), 480 + more);
        if (expected is null)
        {
            EmbeddingGraph.Load(package, vocabulary, new OnnxSessionOptions()).Dispose();
            return;
        }

        var refused = Assert.Throws<ModelPackageException>(() => EmbeddingGraph.Load(package, vocabulary, new OnnxSessionOptions()));
        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../secret/abcde", "keeps weights in '../secret/abcde'; they must lie beside or below the graph")]
    [InlineData("/etc//.hostname", "keeps weights in '/etc//.hostname'")]
    [InlineData("weights/weights", "has no file 'weights/weights' in its manifest")]
    public async Task An_embedding_graph_reads_no_weights_from_elsewhere(string location, string expected)
    {
        var graph = new OnnxGraphBuilder("external");
        var mask = graph.Input("attention_mask", OnnxType.Int64, "batch", "sequence");
        var ids = graph.Input("input_ids", OnnxType.Int64, "batch", "sequence");
        var table = graph.Initializer(OnnxInitializer.Of("w", OnnxType.Float, [300, 8], Enumerable.Repeat((ReadOnlyMemory<float>)new float[8], 300)));
        graph.Output(graph.Node("Gather", "/tokens", [table, ids]), OnnxType.Float, "batch", "sequence", 8);
        graph.Output(graph.Node("Identity", "/mask", [mask]), OnnxType.Int64, "batch", "sequence");
        OnnxModelFile.Write(Path.Combine(_folder.Path, "model.onnx"), graph, inlineLimit: 0, cancellationToken: TestContext.Current.CancellationToken);
        var path = Path.Combine(_folder.Path, "model.onnx");
        var bytes = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
        System.Text.Encoding.UTF8.GetBytes(location).CopyTo(bytes, bytes.AsSpan().IndexOf("model.onnx_data"u8));
        await File.WriteAllBytesAsync(path, bytes, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(_folder.Path, "tokenizer.json"), "{}", TestContext.Current.CancellationToken);
        var package = await MadePackage.OfAsync(_folder.Path, "model.onnx", "tokenizer.json");
        package = package with { Manifest = package.Manifest with { MaxTokens = 8, Dimensions = 8 } };
        var refused = Assert.Throws<ModelPackageException>(() => EmbeddingGraph.Load(package, 300, new OnnxSessionOptions()));
        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
    }

    private static async Task<ModelPackage> EmbeddingAsync(string folder, int maxTokens)
    {
        var package = await MadePackage.OfAsync(folder, "onnx/model.onnx", "tokenizer.json");
        return package with { Manifest = package.Manifest with { Kind = "embedding", Tokenizer = "tokenizer.json", MaxTokens = maxTokens, Dimensions = 64, Pooling = "mean" } };
    }

    private async Task<string> CopyAsync(KvLayout layout, params (string Field, int Value)[] changes)
    {
        var package = await models.MakeAsync(layout);
        var folder = Path.Combine(_folder.Path, layout.ToString());
        foreach (var file in package.Manifest.Files)
        {
            var target = Path.Combine(folder, file.Path);
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(Path.Combine(package.Directory, file.Path), target, overwrite: true);
        }

        var path = Path.Combine(folder, DecoderConfig.FileName);
        var config = JsonNode.Parse(await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken))!.AsObject();
        foreach (var (field, value) in changes)
            config[field] = value;
        await File.WriteAllTextAsync(path, config.ToJsonString(), TestContext.Current.CancellationToken);
        return folder;
    }
}
