using CsCheck;
using Meridian.Messages;
using Meridian.Routing.Streams;

namespace Meridian.Client.Tests.Streams;

public class StreamProgressTests
{
    private static GenerationInput Input(int choices, ChoiceResume[]? resume = null) => new()
    {
        Prompts = [new PromptInput { Text = "" }],
        ChoicesPerPrompt = choices,
        Sampling = new SamplingInput { Seed = 1 },
        Resume = resume,
    };

    private static StreamFrame Frame(params TokenGroup[] groups) => new() { Offset = 0, Next = groups.Sum(g => g.TokenIds.Length), Groups = groups };

    private static TokenGroup Group(int choice, int position, int[] ids, FinishReason? finish = null) => new() { Choice = choice, Position = position, TokenIds = ids, Text = "", Finish = finish };

    [Fact]
    public void What_was_read_comes_back_whatever_the_grouping() =>
        Gen.Select(Gen.Int[0, 3], Gen.Int[0, 99].Array[0, 4], Gen.Int[0, 20].Select(i => i == 0)).List[0, 40].Sample(steps =>
        {
            var progress = new StreamProgress(Input(4));
            var expected = Enumerable.Range(0, 4).Select(_ => new List<int>()).ToArray();
            var done = new bool[4];
            foreach (var (choice, ids, finishes) in steps)
            {
                if (done[choice])
                    continue;
                Assert.Null(progress.Take(Frame(Group(choice, expected[choice].Count, ids, finishes ? FinishReason.Stop : null))));
                expected[choice].AddRange(ids);
                done[choice] = finishes;
            }

            var left = Enumerable.Range(0, 4).Where(c => !done[c]).ToArray();
            Assert.Equal(left, progress.Unfinished().Select(r => r.Choice));
            Assert.Equal(left.Select(c => expected[c].ToArray()), progress.Unfinished().Select(r => r.TokenIds));
        });

    [Fact]
    public void A_stream_that_goes_on_begins_where_it_was()
    {
        var progress = new StreamProgress(Input(3, [new ChoiceResume { Choice = 2, TokenIds = [5, 6] }]));

        Assert.Null(progress.Take(Frame(Group(2, 2, [7]))));

        var resume = Assert.Single(progress.Unfinished());
        Assert.Equal(2, resume.Choice);
        Assert.Equal([5, 6, 7], resume.TokenIds);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 0)]
    [InlineData(2, 0)]
    [InlineData(-1, 0)]
    public void Tokens_that_do_not_follow_are_said(int choice, int position)
    {
        var progress = new StreamProgress(Input(2));
        Assert.Null(progress.Take(Frame(Group(1, 0, [1], FinishReason.Length))));

        Assert.NotNull(progress.Take(Frame(Group(choice, position, [1]))));
    }

    [Fact]
    public void A_frame_that_counts_other_tokens_than_it_has_is_said() =>
        Assert.NotNull(new StreamProgress(Input(1)).Take(Frame(Group(0, 0, [1, 2])) with { Next = 3 }));

    [Fact]
    public void What_goes_on_is_reproducible_until_a_frame_was_not_exact()
    {
        var input = Input(1) with { Reproducible = true };
        var progress = new StreamProgress(input);
        var head = new StreamHead { Region = "r", Model = "m", Version = "v", Variant = "fp32", Stream = default, PromptIds = [[7, 8]], Arithmetic = "cpu-avx2-ort1" };
        Assert.Null(progress.Take(Frame(Group(0, 0, [1, 2]))));
        var onward = progress.Resume(input, head);
        Assert.Equal((true, "cpu-avx2-ort1"), (onward.Reproducible, onward.Arithmetic));
        Assert.Null(progress.Resume(input, head with { Arithmetic = "" }).Arithmetic);
        Assert.Null(progress.Take(Frame(Group(0, 2, [3])) with { Inexact = true }));
        Assert.False(progress.Resume(input, head).Reproducible);
    }

    [Fact]
    public void What_goes_on_carries_the_prompts_ids_and_the_context_it_began_with()
    {
        var input = Input(2) with { Echo = true, ContextLength = 100 };
        var progress = new StreamProgress(input);
        Assert.Null(progress.Take(Frame(Group(1, 0, [4], FinishReason.Stop), Group(0, 0, [1, 2]))));
        var head = new StreamHead { Region = "r", Model = "m", Version = "v", Variant = "fp32", Stream = default, PromptIds = [[7, 8]], ContextLength = 64 };

        var onward = progress.Resume(input, head);

        Assert.Equal([7, 8], Assert.Single(onward.Prompts).TokenIds!);
        Assert.Equal([1, 2], Assert.Single(onward.Resume!).TokenIds);
        Assert.Equal((64, 100), (onward.ContextLength, progress.Resume(input, head with { ContextLength = 0 }).ContextLength));
        Assert.False(progress.Done);
    }
}
