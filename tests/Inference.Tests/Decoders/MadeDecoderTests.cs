using Meridian.Inference.Decoders;
using Meridian.Inference.Decoders.Caches;
using Meridian.Inference.Decoders.Contract;
using Meridian.Inference.Packages;
using Meridian.ModelTools.Llama;
using Meridian.Onnx;
using Meridian.Onnx.Reading;
using Meridian.Onnx.Writing;
using Microsoft.ML.OnnxRuntime;

namespace Meridian.Inference.Tests.Decoders;

public sealed class MadeDecoderTests(MadeModels models) : IClassFixture<MadeModels>, IDisposable
{
    private readonly TemporaryDirectory _root = new();

    public static TheoryData<KvLayout> Layouts => [KvLayout.Concatenated, KvLayout.Shared, KvLayout.Merged];

    [Theory]
    [MemberData(nameof(Layouts))]
    public async Task Layout_is_found_in_the_graph(KvLayout layout)
    {
        var (package, _) = await models.GetAsync(layout);
        Assert.Equal(
            new DecoderShape { Layout = layout, Layers = 2, KvHeads = 2, HeadDimension = 16, Vocabulary = 300, ContextLength = 64, ElementSize = 4 },
            DecoderCheck.Run(package));
    }

    [Theory]
    [MemberData(nameof(Layouts))]
    public async Task One_token_at_a_time(KvLayout layout)
    {
        var (package, plain) = await models.GetAsync(layout);
        DecoderProperties.One_token_at_a_time(package, plain);
    }

    [Theory]
    [MemberData(nameof(Layouts))]
    public async Task A_prompt_in_chunks(KvLayout layout)
    {
        var (package, plain) = await models.GetAsync(layout);
        DecoderProperties.A_prompt_in_chunks(package, plain);
    }

    [Theory]
    [MemberData(nameof(Layouts))]
    public async Task Rows_of_every_kind_in_one_call(KvLayout layout)
    {
        var (package, plain) = await models.GetAsync(layout);
        DecoderProperties.Rows_of_every_kind_in_one_call(package, plain);
    }

    [Theory]
    [MemberData(nameof(Layouts))]
    public async Task Copies_and_truncations_go_on_as_if_computed(KvLayout layout)
    {
        var (package, plain) = await models.GetAsync(layout);
        DecoderProperties.Copies_and_truncations_go_on_as_if_computed(package, plain);
    }

    [Theory]
    [MemberData(nameof(Layouts))]
    public async Task A_slot_can_be_filled_to_the_end_of_the_context(KvLayout layout)
    {
        var (package, plain) = await models.GetAsync(layout);
        DecoderProperties.A_slot_can_be_filled_to_the_end_of_the_context(package, plain);
    }

    [Theory]
    [MemberData(nameof(Layouts))]
    public async Task Any_schedule(KvLayout layout)
    {
        var (package, plain) = await models.GetAsync(layout);
        DecoderProperties.Any_schedule(package, plain, samples: 60);
    }

    [Theory]
    [InlineData(KvLayout.Concatenated)]
    [InlineData(KvLayout.Merged)]
    public async Task Any_schedule_where_different_lengths_step_apart(KvLayout layout)
    {
        var (package, plain) = await models.GetAsync(layout);
        DecoderProperties.Any_schedule(package, plain, samples: 60, freePadding: 0);
    }

    [Theory]
    [InlineData(KvLayout.Concatenated)]
    [InlineData(KvLayout.Merged)]
    public async Task One_long_sequence_among_many_short_ones_does_not_lengthen_them(KvLayout layout)
    {
        var (package, plain) = await models.GetAsync(layout);
        using var stage = OnnxDecoderStage.Load(package, new DecoderStageOptions { Slots = 12, FreePadding = 0 });
        var cache = Assert.IsType<PastCache>(stage.Cache);
        var check = new CheckedStage(stage, plain);
        check.Forward([.. Enumerable.Range(0, 12).Select(slot => (slot, DecoderProperties.Ids(stage, slot, slot == 5 ? 50 : slot % 4 == 0 ? 14 : 3), true))]);
        for (var step = 0; step < 6; step++)
        {
            check.Forward([.. Enumerable.Range(0, 12).Select(slot => (slot, new[] { slot + step }, true))]);
            var tokens = Enumerable.Range(0, 12).Sum(slot => check.Held(slot).Count);
            Assert.InRange(cache.BatchPositions, tokens, 2 * tokens);
        }

        // Who has gone takes the batch along.
        check.Release(5);
        check.Forward([.. Enumerable.Range(0, 12).Where(slot => slot != 5).Select(slot => (slot, new[] { slot }, true))]);
        Assert.InRange(cache.BatchPositions, 1, 2 * Enumerable.Range(0, 12).Sum(slot => check.Held(slot).Count));
        for (var slot = 0; slot < 12; slot++)
            check.Release(slot);
        Assert.Equal(0, cache.BatchPositions);
    }

    [Theory]
    [MemberData(nameof(Layouts))]
    public async Task Half_precision_differs_by_its_rounding_alone(KvLayout layout)
    {
        var (_, plain) = await models.GetAsync(layout);
        var package = await models.MakeAsync(layout, type: OnnxType.Float16);
        Assert.Equal(2, DecoderCheck.Run(package).ElementSize);
        DecoderProperties.Rows_of_every_kind_in_one_call(package, plain, tolerance: 0.05f);
    }

    [Theory]
    [MemberData(nameof(Layouts))]
    public async Task Heads_of_a_small_dimension_are_rotated_before_the_attention(KvLayout layout)
    {
        var config = MadeModels.Config(rotatedInside: false);
        var reference = await models.MakeAsync(KvLayout.Concatenated, config, name: "small");
        using var plain = new PlainModel(Path.Combine(reference.Directory, reference.Manifest.Graph), DecoderConfig.Read(reference));
        var package = await models.MakeAsync(layout, config, name: "small");
        DecoderProperties.Rows_of_every_kind_in_one_call(package, plain);
        DecoderProperties.Any_schedule(package, plain, samples: 10);
    }

    [Fact]
    public async Task Weights_may_lie_beside_the_graph()
    {
        var (inline, plain) = await models.GetAsync(KvLayout.Shared);
        using var root = new TemporaryDirectory();
        Directory.CreateDirectory(Path.Combine(root.Path, "onnx"));
        File.Copy(Path.Combine(inline.Directory, DecoderConfig.FileName), Path.Combine(root.Path, DecoderConfig.FileName));
        var graph = LlamaGraph.Build(MadeModels.Config(), RandomWeights.Make(MadeModels.Config(), MadeModels.Seed), KvLayout.Shared);
        OnnxModelFile.Write(Path.Combine(root.Path, "onnx", "model.onnx"), graph, inlineLimit: 0, cancellationToken: TestContext.Current.CancellationToken);
        var package = await TestModels.PackageAsync(root.Path);
        var weights = Assert.Single(package.Manifest.Files, f => f.Path.EndsWith(OnnxModelFile.ExternalSuffix, StringComparison.Ordinal));
        DecoderProperties.Rows_of_every_kind_in_one_call(package, plain);

        var path = Path.Combine(root.Path, weights.Path);
        var bytes = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
        bytes[bytes.Length / 2] ^= 1;
        await File.WriteAllBytesAsync(path, bytes, TestContext.Current.CancellationToken);
        Assert.Contains(weights.Path, Assert.Throws<ModelPackageException>(() => DecoderCheck.Run(package)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lengths_may_be_inputs_of_the_graph()
    {
        var folder = Path.Combine(_root.Path, "lengths");
        Directory.CreateDirectory(Path.Combine(folder, "onnx"));
        await File.WriteAllTextAsync(
            Path.Combine(folder, DecoderConfig.FileName),
            """{ "vocab_size": 50, "num_hidden_layers": 1, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8, "n_positions": 40 }""",
            TestContext.Current.CancellationToken);
        OnnxModelFile.Write(Path.Combine(folder, "onnx", "model.onnx"), WithLengths(), cancellationToken: TestContext.Current.CancellationToken);
        using var stage = OnnxDecoderStage.Load(await TestModels.PackageAsync(folder), new DecoderStageOptions { Slots = 3 });

        int[] ids = [7, 3, 9, 4, 11, 30, 2];
        var whole = new float[50];
        var stepped = new float[100];
        stage.Forward([new DecoderRow(0, 0, 0, 7, true)], ids, whole);
        stage.Release(0);
        stage.Forward([new DecoderRow(1, 0, 0, 3, false), new DecoderRow(2, 0, 0, 2, false)], ids, []);
        for (var i = 3; i < 6; i++)
            stage.Forward([new DecoderRow(2, i - 1, 0, 1, true), new DecoderRow(1, i, 1, 1, true)], [ids[i - 1], ids[i]], stepped);
        stage.Forward([new DecoderRow(2, 5, 5, 2, true), new DecoderRow(1, 6, 6, 1, true)], ids, stepped);
        for (var i = 0; i < 50; i++)
        {
            Assert.Equal(whole[i], stepped[i], 1e-4f);
            Assert.Equal(whole[i], stepped[50 + i], 1e-4f);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Prompts_of_any_lengths_begin_together_where_positions_come_from_outside(bool lastLogitsOnly)
    {
        var folder = Path.Combine(_root.Path, $"positions-{lastLogitsOnly}");
        Directory.CreateDirectory(Path.Combine(folder, "onnx"));
        await File.WriteAllTextAsync(
            Path.Combine(folder, DecoderConfig.FileName),
            """{ "vocab_size": 50, "num_hidden_layers": 1, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8, "n_positions": 40 }""",
            TestContext.Current.CancellationToken);
        OnnxModelFile.Write(Path.Combine(folder, "onnx", "model.onnx"), WithLengths(positions: true, lastLogitsOnly), cancellationToken: TestContext.Current.CancellationToken);
        var package = await TestModels.PackageAsync(folder);
        using var stage = OnnxDecoderStage.Load(package, new DecoderStageOptions { Slots = 4 });
        using var alone = OnnxDecoderStage.Load(package, new DecoderStageOptions { Slots = 1 });
        Assert.Equal(KvLayout.Shared, stage.Shape.Layout);

        // Short beside long, one token among them: little enough padding for one run.
        foreach (var lengths in new[] { new[] { 2, 1, 2, 2 }, [5, 5, 5, 1], [9, 8, 7, 9], [1, 1, 1, 1] })
        {
            var prompts = lengths.Select((length, i) => DecoderProperties.Ids(stage, 10 + i, length)).ToArray();
            for (var step = 0; step < 3; step++)
            {
                var logits = new float[4 * 50];
                var ids = prompts.SelectMany((p, i) => step == 0 ? p : p[^1..]).ToArray();
                var rows = new DecoderRow[4];
                for (var (slot, first) = (0, 0); slot < 4; slot++)
                {
                    var count = step == 0 ? lengths[slot] : 1;
                    rows[slot] = new DecoderRow(slot, stage.Length(slot), first, count, true);
                    first += count;
                }

                stage.Forward(rows, ids, logits);
                for (var slot = 0; slot < 4; slot++)
                {
                    var expected = new float[50];
                    alone.Release(0);
                    alone.Forward([new DecoderRow(0, 0, 0, prompts[slot].Length, true)], prompts[slot], expected);
                    for (var i = 0; i < 50; i++)
                        Assert.Equal(expected[i], logits[(slot * 50) + i], 1e-4f);
                    prompts[slot] = [.. prompts[slot], 7 + slot + step];
                }
            }

            for (var slot = 0; slot < 4; slot++)
                stage.Release(slot);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_width_of_logits_that_the_graph_does_not_name_is_that_of_its_output_layer(bool tied)
    {
        foreach (var vocabulary in new[] { 50, 51 })
        {
            var folder = Path.Combine(_root.Path, $"width-{vocabulary}");
            Directory.CreateDirectory(Path.Combine(folder, "onnx"));
            await File.WriteAllTextAsync(
                Path.Combine(folder, DecoderConfig.FileName),
                $$"""{ "vocab_size": {{vocabulary}}, "num_hidden_layers": 1, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8, "n_positions": 40 }""",
                TestContext.Current.CancellationToken);
            OnnxModelFile.Write(Path.Combine(folder, "onnx", "model.onnx"), WithLengths(width: "vocabulary", tied: tied), cancellationToken: TestContext.Current.CancellationToken);
            var package = await TestModels.PackageAsync(folder);
            if (vocabulary == 50)
                Assert.Equal(50, DecoderCheck.Run(package).Vocabulary);
            else
                Assert.Contains("vocabulary of 51; the graph's output layer gives 50", Assert.Throws<ModelPackageException>(() => DecoderCheck.Run(package)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Half_precision_logits_are_read_as_float32()
    {
        using var logits = new HostTensor(new GraphTensor("logits", OnnxType.Float16, [-1, -1, 3]), 3);
        logits.Reshape(1, 2, 3);
        Float16[] values = [(Float16)1f, (Float16)(-2.5f), (Float16)0.125f, (Float16)7f, (Float16)8f, (Float16)9f];
        values.CopyTo(logits.Value.GetTensorMutableDataAsSpan<Float16>());
        var read = new float[3];
        logits.Read(3, read);
        Assert.Equal([7f, 8f, 9f], read);
        logits.Read(0, read);
        Assert.Equal([1f, -2.5f, 0.125f], read);
    }

    public void Dispose() => _root.Dispose();

    // The older exports' way: seqlens_k and total_sequence_length come from outside, there is no mask.
    private static OnnxGraphBuilder WithLengths(bool positions = false, bool lastLogitsOnly = false, OnnxDimension? width = null, bool tied = false)
    {
        var random = new Random(3);
        var graph = new OnnxGraphBuilder("lengths");
        var ids = graph.Input("input_ids", OnnxType.Int64, "batch", "sequence");
        var last = graph.Input("seqlens_k", OnnxType.Int32, "batch");
        var total = graph.Input("total_sequence_length", OnnxType.Int32);
        var key = graph.Input("past_key_values.0.key", OnnxType.Float, "batch", 2, "past", 8);
        var value = graph.Input("past_key_values.0.value", OnnxType.Float, "batch", 2, "past", 8);
        var table = Weight("embed", 50, 32);
        var embedded = graph.Node("Gather", "/embed", [table, ids]);
        if (positions)
        {
            var places = graph.Node("Gather", "/places", [Weight("places", 40, 32), graph.Input("position_ids", OnnxType.Int64, "batch", "sequence")]);
            embedded = graph.Node("Add", "/placed", [embedded, places]);
        }

        OnnxValue[] projected = [Project("q", 32), Project("k", 16), Project("v", 16)];
        var attended = graph.Node(
            OnnxGraphBuilder.MicrosoftDomain + ":GroupQueryAttention",
            "/attention",
            [.. projected, key, value, last, total],
            ["/attention/output", "present.0.key", "present.0.value"],
            OnnxAttribute.Of("num_heads", 4),
            OnnxAttribute.Of("kv_num_heads", 2));
        graph.Output(attended[1], OnnxType.Float, "batch", 2, "past", 8);
        graph.Output(attended[2], OnnxType.Float, "batch", 2, "past", 8);
        var hidden = attended[0];
        if (lastLogitsOnly)
            hidden = graph.Node("Slice", "/last", [hidden, graph.Vector(-1), graph.Vector(long.MaxValue), graph.Vector(1)]);
        OnnxDimension columns = lastLogitsOnly ? 1 : "sequence";
        var head = tied ? graph.Node("Transpose", "/turned", [table], OnnxAttribute.Of("perm", [1, 0])) : Weight("head", 32, 50);
        graph.Output(graph.Node("MatMul", "/head", [hidden, head], ["logits"])[0], OnnxType.Float, "batch", columns, width ?? 50);
        return graph;

        OnnxValue Project(string name, int width) => graph.Node("MatMul", $"/{name}", [embedded, Weight(name, 32, width)]);

        OnnxValue Weight(string name, int rows, int columns)
        {
            var values = new float[rows * columns];
            foreach (ref var one in values.AsSpan())
                one = random.NextSingle() - 0.5f;
            return graph.Initializer(OnnxInitializer.Of(name, OnnxType.Float, [rows, columns], [values]));
        }
    }
}
