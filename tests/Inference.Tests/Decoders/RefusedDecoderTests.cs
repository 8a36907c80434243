using System.Text;
using System.Text.Json.Nodes;
using Meridian.Inference.Decoders;
using Meridian.Inference.Decoders.Contract;
using Meridian.Inference.Packages;
using Meridian.Inference.Sessions;
using Meridian.Onnx;
using Meridian.Onnx.Writing;

namespace Meridian.Inference.Tests.Decoders;

public sealed class RefusedDecoderTests(MadeModels models) : IClassFixture<MadeModels>, IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    [Theory]
    [InlineData("num_hidden_layers", 3, "has 3 layers; the graph has keys and values of 2")]
    [InlineData("num_hidden_layers", 1, "has 1 layers; the graph has keys and values of 2")]
    [InlineData("vocab_size", 301, "has a vocabulary of 301")]
    [InlineData("num_key_value_heads", 4, "has 4 key and value heads")]
    [InlineData("head_dim", 32, "has heads of dimension 32")]
    [InlineData("vocab_size", 0, "vocab_size 0; it is a whole number of at least 1")]
    [InlineData("num_key_value_heads", 3, "4 attention heads on 3 key and value heads")]
    [InlineData("max_position_embeddings", null, "has no max_position_embeddings")]
    public async Task Configuration_and_graph_must_agree(string field, int? value, string expected)
    {
        foreach (var layout in new[] { KvLayout.Concatenated, KvLayout.Shared, KvLayout.Merged })
        {
            var folder = await CopyAsync(layout);
            var path = Path.Combine(folder, DecoderConfig.FileName);
            var config = JsonNode.Parse(await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken))!.AsObject();
            config[field] = value;
            await File.WriteAllTextAsync(path, config.ToJsonString(), TestContext.Current.CancellationToken);
            var refused = await RefusedAsync(folder);
            Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
            Assert.Contains(folder, refused.Subject, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(0.1)]
    [InlineData(0.5)]
    [InlineData(0.99)]
    public async Task A_graph_that_ends_too_early_is_refused(double share)
    {
        var folder = await CopyAsync(KvLayout.Shared);
        var path = Path.Combine(folder, "onnx", "model.onnx");
        var graph = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
        await File.WriteAllBytesAsync(path, graph[..(int)(graph.Length * share)], TestContext.Current.CancellationToken);
        Assert.Equal(path, (await RefusedAsync(folder)).Subject);
    }

    [Fact]
    public async Task Bytes_that_are_no_graph_are_refused()
    {
        var folder = await CopyAsync(KvLayout.Concatenated);
        var random = new Random(1);
        for (var i = 0; i < 200; i++)
        {
            var bytes = new byte[random.Next(1, 400)];
            random.NextBytes(bytes);
            await File.WriteAllBytesAsync(Path.Combine(folder, "onnx", "model.onnx"), bytes, TestContext.Current.CancellationToken);
            await RefusedAsync(folder);
        }
    }

    [Fact]
    public async Task A_graph_without_past_is_refused()
    {
        var graph = Identity("input_ids", "attention_mask");
        Assert.Contains("past_key_values.N.key", (await RefusedAsync(await WriteAsync(graph))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_input_that_nobody_fills_is_refused()
    {
        var graph = Identity("input_ids", "attention_mask", "past_key_values.0.key", "past_key_values.0.value", "past_key_values.1.key", "past_key_values.1.value", "use_cache_branch");
        Assert.Contains("use_cache_branch", (await RefusedAsync(await WriteAsync(graph))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1_999_999_999)]
    [InlineData(int.MaxValue)]
    public async Task Layers_beyond_all_reason_are_refused_at_once(int last)
    {
        var folder = await WriteAsync(Identity("input_ids", "attention_mask", $"past_key_values.{last}.key", $"past_key_values.{last}.value"));
        var path = Path.Combine(folder, DecoderConfig.FileName);
        var config = JsonNode.Parse(await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken))!.AsObject();
        config["num_hidden_layers"] = 2_000_000_000;
        await File.WriteAllTextAsync(path, config.ToJsonString(), TestContext.Current.CancellationToken);
        var refused = await RefusedAsync(folder);
        Assert.Contains("has 2000000000 layers", refused.Message, StringComparison.Ordinal);
        Assert.InRange(refused.Message.Length, 1, 4000);
    }

    [Theory]
    [InlineData("past_key_values.1.key", "past_key_values.0.key", "inputs")]
    [InlineData("present.1.key", "present.0.key", "outputs")]
    public async Task Two_inputs_or_outputs_of_one_name_are_refused(string from, string to, string what)
    {
        // No builder writes that: one is renamed in the bytes.
        var folder = await CopyAsync(KvLayout.Concatenated);
        var path = Path.Combine(folder, "onnx", "model.onnx");
        var graph = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
        var old = Encoding.UTF8.GetBytes(from);
        for (var rest = graph.AsSpan(); rest.IndexOf(old) is >= 0 and var at; rest = rest[(at + old.Length)..])
            Encoding.UTF8.GetBytes(to).CopyTo(rest[at..]);
        await File.WriteAllBytesAsync(path, graph, TestContext.Current.CancellationToken);
        Assert.Contains($"two of its {what} are named", (await RefusedAsync(folder)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_package_without_configuration_is_refused()
    {
        var folder = await CopyAsync(KvLayout.Concatenated);
        File.Delete(Path.Combine(folder, DecoderConfig.FileName));
        Assert.Contains(DecoderConfig.FileName, (await RefusedAsync(folder)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_graph_altered_after_installation_is_refused()
    {
        var folder = await CopyAsync(KvLayout.Concatenated);
        var package = await TestModels.PackageAsync(folder);
        var path = Path.Combine(folder, "onnx", "model.onnx");
        var graph = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
        graph[^100] ^= 1;
        await File.WriteAllBytesAsync(path, graph, TestContext.Current.CancellationToken);
        Assert.Contains("SHA-256", Assert.Throws<ModelPackageException>(() => DecoderCheck.Run(package)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_device_that_cannot_hold_the_cache_is_refused()
    {
        var package = await models.MakeAsync(KvLayout.Concatenated);
        var refused = Assert.Throws<DeviceUnavailableException>(() => OnnxDecoderStage.Load(package, new DecoderStageOptions { Device = new DeviceName("cuda", 0) }));
        Assert.Equal("cuda:0", refused.Device);
    }

    [Fact]
    public async Task Rows_that_do_not_continue_their_slots_are_refused_and_nothing_is_lost()
    {
        var package = await models.MakeAsync(KvLayout.Concatenated);
        using var stage = OnnxDecoderStage.Load(package, new DecoderStageOptions { Slots = 2 });
        var logits = new float[stage.Shape.Vocabulary];
        stage.Forward([new DecoderRow(0, 0, 0, 3, true)], [1, 2, 3], logits);
        Assert.Throws<ArgumentException>(() => stage.Forward([], [], []));
        Assert.Throws<ArgumentException>(() => stage.Forward([new DecoderRow(2, 0, 0, 1, false)], [1], []));
        Assert.Throws<ArgumentException>(() => stage.Forward([new DecoderRow(0, 2, 0, 1, false)], [1], []));
        Assert.Throws<ArgumentException>(() => stage.Forward([new DecoderRow(0, 3, 0, 0, false)], [1], []));
        Assert.Throws<ArgumentException>(() => stage.Forward([new DecoderRow(0, 3, 1, 1, false)], [1], []));
        Assert.Throws<ArgumentException>(() => stage.Forward([new DecoderRow(0, 3, 0, 1, true)], [1], []));
        Assert.Throws<ArgumentException>(() => stage.Forward([new DecoderRow(0, 3, 0, 1, false), new DecoderRow(0, 3, 0, 1, false)], [1], []));
        Assert.Throws<ArgumentOutOfRangeException>(() => stage.Truncate(0, 4));
        Assert.Throws<ArgumentOutOfRangeException>(() => stage.Copy(0, 1, 4));
        Assert.Equal(3, stage.Length(0));
        Assert.Equal(0, stage.Length(1));
    }

    public void Dispose() => _folder.Dispose();

    private static OnnxGraphBuilder Identity(params string[] inputs)
    {
        var graph = new OnnxGraphBuilder("refused");
        foreach (var name in inputs)
        {
            var cache = name.StartsWith("past", StringComparison.Ordinal);
            OnnxDimension[] shape = cache ? ["batch", 2, "past", 16] : ["batch", "sequence"];
            var input = graph.Input(name, cache ? OnnxType.Float : OnnxType.Int64, shape);
            var output = graph.Node("Identity", $"/{name}", [input], [cache ? name.Replace("past_key_values", "present", StringComparison.Ordinal) : $"{name}_out"])[0];
            graph.Output(output, cache ? OnnxType.Float : OnnxType.Int64, shape);
        }

        return graph;
    }

    private async Task<string> WriteAsync(OnnxGraphBuilder graph)
    {
        var folder = await CopyAsync(KvLayout.Concatenated);
        var path = Path.Combine(folder, "onnx", "model.onnx");
        File.Delete(path);
        OnnxModelFile.Write(path, graph, cancellationToken: TestContext.Current.CancellationToken);
        return folder;
    }

    private async Task<string> CopyAsync(KvLayout layout)
    {
        var package = await models.MakeAsync(layout);
        var folder = Path.Combine(_folder.Path, layout.ToString());
        foreach (var file in package.Manifest.Files)
        {
            var target = Path.Combine(folder, file.Path);
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(Path.Combine(package.Directory, file.Path), target, overwrite: true);
        }

        return folder;
    }

    private static async Task<ModelPackageException> RefusedAsync(string folder)
    {
        var package = await TestModels.PackageAsync(folder);
        var refused = Assert.Throws<ModelPackageException>(() => DecoderCheck.Run(package));
        Assert.Throws<ModelPackageException>(() => OnnxDecoderStage.Load(package, new DecoderStageOptions()));
        return refused;
    }
}
