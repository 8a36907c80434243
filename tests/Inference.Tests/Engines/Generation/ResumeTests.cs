using Meridian.Inference.Engines.Generation.Contract;
using Meridian.Inference.Sampling;

namespace Meridian.Inference.Tests.Engines.Generation;

/// <summary>A generation stopped anywhere and continued on another engine is the uninterrupted one.</summary>
public sealed class ResumeTests(ScriptedTokenizer tokenizer)
{
    private static readonly int[] Prompt = [60, 61, 62, 63];

    public static TheoryData<string, SamplingSettings> Samplings => new()
    {
        { "greedy", new SamplingSettings { Temperature = 0 } },
        { "greedy with penalties", new SamplingSettings { Temperature = 0, RepetitionPenalty = 1.3f, PresencePenalty = 0.4f, FrequencyPenalty = 0.3f } },
        { "sampled", new SamplingSettings { Temperature = 0.9f, TopP = 0.9f, TopK = 20, Seed = 11 } },
        { "sampled with penalties", new SamplingSettings { Temperature = 1.2f, MinP = 0.01f, RepetitionPenalty = 1.2f, FrequencyPenalty = 0.5f, LogitBias = [(70, 3f)], Seed = -5 } },
    };

    [Theory]
    [MemberData(nameof(Samplings))]
    public async Task From_every_position_with_several_choices_the_rest_the_usage_and_the_finish_are_the_same(string name, SamplingSettings sampling)
    {
        await using var scripted = ScriptedEngine.Start(tokenizer);
        var work = new GenerationWork
        {
            Prompts = [new GenerationPrompt { TokenIds = Prompt }],
            ChoicesPerPrompt = 3,
            MaxTokens = 40,
            Sampling = sampling,
            TopLogprobs = 2,
        };

        // Stop strings that the text has, across tokens and characters; the first that ends a choice early ends it for both.
        var text = scripted.Expect(work with { IgnoreEndOfText = true }, 0).Text;
        string[][] stops = [[], [text[(text.Length / 2)..((text.Length / 2) + 3)]], [text[^2..], "no such text"]];
        foreach (var stop in stops)
        {
            var stopping = work with { Stop = stop };
            var whole = await Generated.ReadAsync(scripted.Open(stopping), 3);
            var longest = Enumerable.Range(0, 3).Max(c => whole.Ids(c).Length);
            for (var position = 0; position <= longest; position++)
            {
                await using var fresh = ScriptedEngine.Start(tokenizer);
                var begins = Enumerable.Range(0, 3).Select(c => Math.Min(position, whole.Ids(c).Length)).ToArray();
                var stream = fresh.Open(stopping with { Resume = [.. begins.Select((at, c) => new ChoiceState(c, whole.Ids(c)[..at]))] });
                var rest = await Generated.ReadAsync(stream, 3, c => begins[c]);
                for (var choice = 0; choice < 3; choice++)
                {
                    var expected = scripted.Expect(stopping, choice);
                    var given = expected.Pieces.Take(begins[choice]).Sum(p => p.Length);
                    Assert.Equal(whole.Ids(choice)[begins[choice]..], rest.Ids(choice));
                    Assert.Equal(whole.Text(choice)[given..], rest.Text(choice));
                    Assert.True(whole.Finishes[choice] == rest.Finishes[choice], $"{name}: choice {choice} from {begins[choice]} ended with {rest.Finishes[choice]}, not {whole.Finishes[choice]}");
                    Assert.Equal(whole.Logprobs[choice].Skip(begins[choice]).Select(l => l.Logprob), rest.Logprobs[choice].Select(l => l.Logprob));
                }
            }
        }
    }

    [Fact]
    public async Task A_choice_that_its_ids_already_end_finishes_at_once_and_others_go_on()
    {
        await using var scripted = ScriptedEngine.Start(tokenizer);
        var work = new GenerationWork { Prompts = [new GenerationPrompt { TokenIds = Prompt }], ChoicesPerPrompt = 3, MaxTokens = 6, IgnoreEndOfText = true, Sampling = new SamplingSettings { Seed = 4 } };
        var whole = await Generated.ReadAsync(scripted.Open(work), 3);

        var stream = scripted.Open(work with { Resume = [new ChoiceState(1, whole.Ids(1)), new ChoiceState(2, whole.Ids(2)[..3])] });
        var frame = await stream.ReadAsync(0, CancellationToken.None);
        Assert.Equal((1, 6, GenerationFinish.Length), (frame.Groups[0].Choice, frame.Groups[0].Position, frame.Groups[0].Finish));
        Assert.Empty(frame.Groups[0].TokenIds);
        Assert.True(frame.Next > 0);
        var rest = await Generated.ReadAsync(stream, 3, c => c == 2 ? 3 : 6);
        Assert.Equal(whole.Ids(2)[3..], rest.Ids(2));
        Assert.Empty(rest.Ids(0));
        Assert.Null(rest.Finishes[0]);

        var done = await Generated.ReadAsync(scripted.Open(work with { Resume = [new ChoiceState(0, whole.Ids(0))] }), 3, _ => 6);
        Assert.Equal(GenerationFinish.Length, done.Finishes[0]);
        Assert.True((await scripted.Open(work with { Resume = [] }).ReadAsync(0, CancellationToken.None)).End);
        await scripted.IdleAsync();
        Assert.Equal(0, scripted.Engine.Load.Queued);
    }

    [Fact]
    public async Task Text_that_the_end_token_ends_stays_ended()
    {
        await using var scripted = ScriptedEngine.Start(tokenizer);
        var work = new GenerationWork { Prompts = [new GenerationPrompt { TokenIds = Prompt }], Sampling = new SamplingSettings { Temperature = 0, LogitBias = [(2, 50)] } };
        var whole = await Generated.ReadAsync(scripted.Open(work));
        Assert.Equal([2], whole.Ids());
        Assert.Equal(("", GenerationFinish.Stop), (whole.Text(), whole.Finishes[0]));
        var done = await Generated.ReadAsync(scripted.Open(work with { Resume = [new ChoiceState(0, [2])] }), 1, _ => 1);
        Assert.Empty(done.Ids());
        Assert.Equal(GenerationFinish.Stop, done.Finishes[0]);
        var ignored = await Generated.ReadAsync(scripted.Open(work with { IgnoreEndOfText = true, MaxTokens = 3 }));
        Assert.Equal([2, 2, 2], ignored.Ids());
        Assert.Equal(GenerationFinish.Length, ignored.Finishes[0]);
    }
}
