using CsCheck;
using Meridian.Client.Streams;
using Meridian.Messages.Generation;

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

    private static StreamFrame Frame(params TokenGroup[] groups) => new() { Offset = 0, Next = 0, Groups = groups };

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
}
