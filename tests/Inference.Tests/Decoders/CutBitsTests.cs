using System.Runtime.InteropServices;
using Meridian.Inference.Decoders;
using Meridian.Inference.Decoders.Contract;
using Meridian.Inference.Engines.Generation.Scheduling;

namespace Meridian.Inference.Tests.Decoders;

/// <summary>Which cuts of a prompt, and which company, leave the bits as they are: what reproducible requests build on.</summary>
public sealed class CutBitsTests
{
    private const int Slots = 6;

    [Theory]
    [InlineData(TestModels.BuiltIn)]
    [InlineData("int4-256")]
    public async Task However_a_prompt_is_cut_into_pieces_that_fit_it_and_what_follows_have_the_same_bits(string model)
    {
        using var stage = OnnxDecoderStage.Load(await TestModels.PackageAsync(TestModels.Folder(model)), new DecoderStageOptions { Slots = Slots });
        var blocks = AttentionBlocks.Of(stage.Shape);
        var random = new Random(5);
        var vocabulary = Math.Min(stage.Shape.Vocabulary, 470);
        for (var round = 0; round < 60; round++)
        {
            var length = random.Next(2, 400);
            var ids = Enumerable.Range(0, 450).Select(_ => random.Next(3, vocabulary)).ToArray();
            for (var slot = 0; slot < Slots; slot++)
                stage.Release(slot);
            var whole = Prompt(0, () => 1000);
            var after = Forward(new DecoderRow(0, length, length, 1, true));

            // The next two slots begin together.
            var cut = Prompt(1, () => random.Next(1, 40));
            Assert.True(Same(whole, cut), $"round {round}: {length} tokens in pieces have other bits");
            Assert.True(Same(after, Forward(new DecoderRow(1, length, length, 1, true))), $"round {round}: so has what follows {length} tokens");
            stage.Truncate(1, length);
            if (blocks.Fits(length))
            {
                var beside = Math.Max(2, length - random.Next(1 + (length / 6)));
                while (!blocks.Fits(beside))
                    beside--;
                stage.Release(0);
                Assert.True(Same(whole, Forward(new DecoderRow(0, 0, 0, length, true), new DecoderRow(2, 0, 7, beside, false))), $"round {round}: {length} tokens beside {beside}");
                var company = Forward(new DecoderRow(0, length, length, 1, true), new DecoderRow(1, length, length, 1, false), new DecoderRow(2, beside, 9, 1, false));
                Assert.True(Same(after, company), $"round {round}: what follows {length} tokens, beside others");
            }

            float[] Prompt(int slot, Func<int> budget)
            {
                while (true)
                {
                    var held = stage.Length(slot);
                    var count = PromptCut.Of(length - held, budget(), blocks);
                    var logits = Forward(new DecoderRow(slot, held, held, count, held + count == length));
                    if (held + count == length)
                        return logits;
                }
            }

            float[] Forward(params DecoderRow[] rows)
            {
                var logits = new float[rows.Count(r => r.WantsLogits) * stage.Shape.Vocabulary];
                stage.Forward(rows, ids, logits);
                return logits;
            }
        }
    }

    [Fact]
    public void A_cut_leaves_no_token_alone()
    {
        foreach (var blocks in new[] { new AttentionBlocks(64, 2 << 20), new AttentionBlocks(16, 1 << 20), new AttentionBlocks(96, 512 << 10), new AttentionBlocks(4, 0), new AttentionBlocks(1, 0) })
        {
            for (var pending = 2; pending < 600; pending++)
            {
                foreach (var budget in new[] { 1, 2, 3, 7, 8, 31, 32, 33, 64, 129, 171, 512, 1000 })
                {
                    var piece = PromptCut.Of(pending, budget, blocks);
                    Assert.True(blocks.Fits(piece) && piece <= Math.Max(budget, 3) && pending - piece is 0 or > 1, $"{piece} of {pending} within {budget}");
                }
            }
        }
    }

    [Theory]
    [InlineData(64, 2 << 20, 1024, new[] { 129, 257, 385 })]
    [InlineData(16, 1 << 20, 2048, new[] { 33, 65, 97 })]
    [InlineData(96, 512 << 10, 170, new[] { 193, 171, 341 })]
    public void Blocks_are_those_of_the_head_and_of_the_cache(int headDimension, int cacheBytes, int columns, int[] alone)
    {
        var blocks = new AttentionBlocks(headDimension, cacheBytes);
        Assert.Equal(columns, blocks.Columns);
        Assert.Equal(alone.Order(), Enumerable.Range(2, alone.Max() - 1).Where(count => !blocks.Fits(count)));
    }

    private static bool Same(float[] one, float[] other) => MemoryMarshal.AsBytes(one.AsSpan()).SequenceEqual(MemoryMarshal.AsBytes(other.AsSpan()));
}
