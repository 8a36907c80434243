using Meridian.Inference.Decoders.Contract;
using Meridian.ModelTools.Llama;
using Meridian.ModelTools.Tests.Harness;
using Meridian.Onnx;
using Meridian.TestModels;

namespace Meridian.ModelTools.Tests.Llama;

public sealed class LlamaGraphTests
{
    private static readonly int[] Ids = [.. Enumerable.Range(0, 24).Select(i => (i * 37 + 11) % 300)];

    [Theory]
    [InlineData(KvLayout.Concatenated, true)]
    [InlineData(KvLayout.Shared, true)]
    [InlineData(KvLayout.Merged, true)]
    [InlineData(KvLayout.Concatenated, false)]
    [InlineData(KvLayout.Shared, false)]
    [InlineData(KvLayout.Merged, false)]
    public void Every_layout_computes_what_the_reference_does(KvLayout layout, bool tied)
    {
        var config = MadeModels.Config with { TieEmbeddings = tied };
        var expected = ReferenceForward.Run(config, RandomWeights.Make(config, MadeModels.Seed), Ids);
        using var decoder = new RawDecoder(MadeModels.Get(layout, tied: tied), layout);

        // A prompt, a chunk behind it, then token by token.
        var logits = new List<float[]>(decoder.Append(Ids[..9]));
        logits.AddRange(decoder.Append(Ids[9..14]));
        for (var i = 14; i < Ids.Length; i++)
            logits.AddRange(decoder.Append([Ids[i]]));

        Assert.Equal(Ids.Length, logits.Count);
        Assert.True(Furthest(expected, logits) < 1e-4, $"furthest apart: {Furthest(expected, logits)}");
    }

    [Theory]
    [InlineData(KvLayout.Concatenated)]
    [InlineData(KvLayout.Shared)]
    [InlineData(KvLayout.Merged)]
    public void Heads_of_a_dimension_that_the_attention_operator_does_not_rotate_are_rotated_before_it(KvLayout layout)
    {
        using var folder = new TemporaryFolder();
        var config = LlamaFolder.Configure(layers: 2, hidden: 64, heads: 8, kvHeads: 4, intermediate: 96, vocabulary: 300, context: 64);
        var directory = Path.Combine(folder.Path, "model");
        LlamaFolder.Make(directory, config, seed: 3, layout);
        var expected = ReferenceForward.Run(config, RandomWeights.Make(config, 3), Ids[..12]);
        using var decoder = new RawDecoder(directory, layout);

        var logits = new List<float[]>(decoder.Append(Ids[..5]));
        logits.AddRange(decoder.Append(Ids[5..11]));
        logits.AddRange(decoder.Append([Ids[11]]));

        Assert.True(Furthest(expected, logits) < 1e-4, $"furthest apart: {Furthest(expected, logits)}");
    }

    [Theory]
    [InlineData(KvLayout.Concatenated)]
    [InlineData(KvLayout.Shared)]
    [InlineData(KvLayout.Merged)]
    public void The_last_positions_alone_are_computed_on_request(KvLayout layout)
    {
        using var all = new RawDecoder(MadeModels.Get(layout), layout);
        using var last = new RawDecoder(MadeModels.Get(layout), layout);

        var expected = all.Append(Ids);
        var kept = last.Append(Ids, keep: 2);

        Assert.Equal(2, kept.Length);
        Assert.DoesNotContain(LlamaGraph.LogitsToKeep, last.Session.InputMetadata.Keys);
        for (var i = 0; i < kept.Length; i++)
            Assert.All(expected[Ids.Length - 2 + i].Zip(kept[i]), pair => Assert.Equal(pair.First, pair.Second, 1e-4f));
    }

    [Theory]
    [InlineData(KvLayout.Concatenated)]
    [InlineData(KvLayout.Shared)]
    [InlineData(KvLayout.Merged)]
    public void Half_precision_is_near_the_reference(KvLayout layout)
    {
        var expected = ReferenceForward.Run(MadeModels.Config, RandomWeights.Make(MadeModels.Config, MadeModels.Seed), Ids);
        using var decoder = new RawDecoder(MadeModels.Get(layout, OnnxType.Float16), layout);

        Assert.True(Furthest(expected, decoder.Append(Ids)) < 0.05);
    }

    [Fact]
    public void Sampling_from_a_made_model_is_diverse_and_its_best_token_no_tie()
    {
        using var decoder = new RawDecoder(MadeModels.Get(KvLayout.Shared), KvLayout.Shared);

        var logits = decoder.Append(Ids);

        var best = logits.Select(row => row.IndexOf(row.Max())).Distinct().Count();
        var margins = logits.Select(row => row.Order().TakeLast(2).ToArray()).Select(top => top[1] - top[0]);
        Assert.True(best > Ids.Length / 2, $"{best} different best tokens at {Ids.Length} positions");
        Assert.All(margins, margin => Assert.True(margin > 1e-4));
        Assert.All(logits, row => Assert.InRange(Deviation(row), 1, 4));
    }

    private static double Furthest(double[][] expected, IReadOnlyList<float[]> found) =>
        expected.Zip(found, (e, f) => e.Zip(f, (a, b) => Math.Abs(a - b)).Max()).Max();

    private static double Deviation(float[] row) => Math.Sqrt(row.Average(v => (double)v * v) - Math.Pow(row.Average(), 2));
}
