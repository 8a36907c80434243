using Meridian.Inference.Decoders;
using Meridian.Inference.Decoders.Contract;

namespace Meridian.Inference.Tests.Decoders;

public sealed class BuiltInStoriesDecoderTests(BuiltInStories stories) : StoriesDecoderTests(stories), IClassFixture<BuiltInStories>;

public sealed class TeacherStoriesDecoderTests(TeacherStories stories) : StoriesDecoderTests(stories), IClassFixture<TeacherStories>;

public abstract class StoriesDecoderTests(Stories stories)
{
    [Fact]
    public async Task Shape_follows_from_the_graph()
    {
        var (package, _) = await stories.GetAsync();
        var shape = DecoderCheck.Run(package);
        Assert.Equal(stories.Shape, shape);
        var config = DecoderConfig.Read(package);
        Assert.Equal(1, config.BeginId);
        Assert.Equal([2, 1], config.EndIds);
        Assert.Equal(8, config.Heads);
    }

    [Fact]
    public async Task One_token_at_a_time()
    {
        var (package, plain) = await stories.GetAsync();
        DecoderProperties.One_token_at_a_time(package, plain);
    }

    [Fact]
    public async Task A_prompt_in_chunks()
    {
        var (package, plain) = await stories.GetAsync();
        DecoderProperties.A_prompt_in_chunks(package, plain);
    }

    [Fact]
    public async Task Rows_of_every_kind_in_one_call()
    {
        var (package, plain) = await stories.GetAsync();
        DecoderProperties.Rows_of_every_kind_in_one_call(package, plain);
    }

    [Fact]
    public async Task Copies_and_truncations_go_on_as_if_computed()
    {
        var (package, plain) = await stories.GetAsync();
        DecoderProperties.Copies_and_truncations_go_on_as_if_computed(package, plain);
    }

    [Fact]
    public async Task A_slot_can_be_filled_to_the_end_of_the_context()
    {
        var (package, plain) = await stories.GetAsync();
        DecoderProperties.A_slot_can_be_filled_to_the_end_of_the_context(package, plain);
    }

    [Fact]
    public async Task Any_schedule()
    {
        var (package, plain) = await stories.GetAsync();
        DecoderProperties.Any_schedule(package, plain, samples: 30);
    }

    [Fact]
    public async Task All_golden_prompts_in_one_batch_give_the_golden_ids()
    {
        var (package, _) = await stories.GetAsync();
        var golden = stories.Golden();
        using var stage = OnnxDecoderStage.Load(package, new DecoderStageOptions { Slots = golden.Count });
        var vocabulary = stage.Shape.Vocabulary;
        var logits = new float[golden.Count * vocabulary];
        var generated = golden.Select(_ => new List<int>()).ToArray();
        var rows = new List<DecoderRow>();
        var ids = new List<int>();
        while (true)
        {
            rows.Clear();
            ids.Clear();
            for (var slot = 0; slot < golden.Count; slot++)
            {
                var (prompt, wanted) = golden[slot];
                if (generated[slot].Count == wanted.Length)
                    continue;
                int[] next = generated[slot].Count == 0 ? prompt : [generated[slot][^1]];
                rows.Add(new DecoderRow(slot, stage.Length(slot), ids.Count, next.Length, true));
                ids.AddRange(next);
            }

            if (rows.Count == 0)
                break;
            stage.Forward([.. rows], [.. ids], logits);
            for (var i = 0; i < rows.Count; i++)
                generated[rows[i].Slot].Add(System.Numerics.Tensors.TensorPrimitives.IndexOfMax<float>(logits.AsSpan(i * vocabulary, vocabulary)));
        }

        for (var slot = 0; slot < golden.Count; slot++)
            Assert.Equal(golden[slot].Generated, generated[slot]);
    }
}
