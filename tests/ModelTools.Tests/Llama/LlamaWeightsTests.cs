using Meridian.Inference.Decoders.Contract;
using Meridian.ModelTools.Llama;
using Meridian.TestModels;

namespace Meridian.ModelTools.Tests.Llama;

public sealed class LlamaWeightsTests
{
    [Theory]
    [InlineData(KvLayout.Concatenated, true)]
    [InlineData(KvLayout.Shared, true)]
    [InlineData(KvLayout.Merged, false)]
    [InlineData(KvLayout.Shared, false)]
    public void What_was_written_is_read_back_from_any_layout(KvLayout layout, bool tied)
    {
        var config = MadeModels.Config with { TieEmbeddings = tied };
        var expected = RandomWeights.Make(config, MadeModels.Seed);

        var read = LlamaWeights.Read(MadeModels.Get(layout, tied: tied));

        Same(expected.Embedding, read.Embedding);
        Same(expected.FinalNorm, read.FinalNorm);
        Assert.Equal(expected.Head.HasValue, read.Head.HasValue);
        Same(expected.Head ?? default, read.Head ?? default);
        Assert.Equal(expected.Layers.Count, read.Layers.Count);
        foreach (var (a, b) in expected.Layers.Zip(read.Layers))
        {
            Same(a.InputNorm, b.InputNorm);
            Same(a.Query, b.Query);
            Same(a.Key, b.Key);
            Same(a.Value, b.Value);
            Same(a.Output, b.Output);
            Same(a.MlpNorm, b.MlpNorm);
            Same(a.Gate, b.Gate);
            Same(a.Up, b.Up);
            Same(a.Down, b.Down);
        }
    }

    [Fact]
    public void The_configuration_is_read_back()
    {
        var read = LlamaConfig.Read(MadeModels.Get(KvLayout.Concatenated));

        Assert.Equal(MadeModels.Config with { EosIds = read.EosIds }, read);
        Assert.Equal([2, 4], read.EosIds);
    }

    private static void Same(ReadOnlyMemory<float> expected, ReadOnlyMemory<float> found) => Assert.True(expected.Span.SequenceEqual(found.Span));
}
