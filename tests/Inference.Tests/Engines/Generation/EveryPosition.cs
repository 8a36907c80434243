using Meridian.Inference.Engines.Generation;
using Meridian.Inference.Engines.Generation.Contract;
using Meridian.Inference.Engines.Generation.Scheduling;
using Meridian.Inference.Sampling;
using Meridian.Inference.Tokenization;

namespace Meridian.Inference.Tests.Engines.Generation;

/// <summary>A generation of one prompt and one engine, cut at every position and continued on another engine.</summary>
internal static class EveryPosition
{
    /// <param name="first">Generates it whole.</param>
    /// <param name="second">Continues it.</param>
    /// <param name="work">With one prompt and a limit.</param>
    /// <param name="endIds">Ids that end a text.</param>
    /// <param name="ties">Where given, the rest may be another from a tie on.</param>
    public static async Task CheckAsync(GenerationEngine first, GenerationEngine second, GenerationWork work, int[] endIds, TieRule? ties = null)
    {
        var choices = work.ChoicesPerPrompt;
        var stream = Open(first, work);
        var prompt = stream.Head.PromptIds[0];
        var whole = await Generated.ReadAsync(stream, choices);
        var pieces = Enumerable.Range(0, choices).Select(c => Pieces(first, work, prompt, whole.Ids(c), endIds)).ToArray();
        for (var choice = 0; choice < choices; choice++)
            Assert.Equal(string.Concat(pieces[choice]), whole.Text(choice));
        for (var position = 0; position <= work.MaxTokens; position++)
        {
            var begins = Enumerable.Range(0, choices).Select(c => Math.Min(position, whole.Ids(c).Length)).ToArray();
            var resumed = Open(second, work with { Resume = [.. begins.Select((at, c) => new ChoiceState(c, whole.Ids(c)[..at]))] });
            Assert.Equal(prompt, resumed.Head.PromptIds[0]);
            var rest = await Generated.ReadAsync(resumed, choices, c => begins[c]);
            for (var choice = 0; choice < choices; choice++)
            {
                var expected = whole.Ids(choice)[begins[choice]..];
                var actual = rest.Ids(choice);
                if (ties is not null && !expected.AsSpan().SequenceEqual(actual))
                {
                    ties.Check([.. prompt, .. whole.Ids(choice)[..begins[choice]]], expected, actual);
                    continue;
                }

                Assert.Equal(expected, actual);
                Assert.Equal(string.Concat(pieces[choice][begins[choice]..]), rest.Text(choice));
                Assert.Equal(whole.Finishes[choice], rest.Finishes[choice]);

                // The usage: what was generated before and what was generated now are what the whole counts.
                Assert.Equal(whole.Ids(choice).Length, begins[choice] + actual.Length);
            }

            if (ties is null or { Ties: 0 })
                Assert.Equal(whole.Tokens, begins.Sum() + rest.Tokens);
        }
    }

    private static string[] Pieces(GenerationEngine engine, GenerationWork work, int[] prompt, int[] ids, int[] endIds)
    {
        var detokenizer = ((GenerationTokenizer)engine.Tokenizer).CreateDetokenizer();
        foreach (var id in prompt)
            _ = detokenizer.Append(id);
        var text = new ChoiceText(detokenizer, work.Stop.Length == 0 ? null : new StopMatcher(work.Stop), work.IgnoreEndOfText ? [] : endIds);
        return [.. ids.Select((id, i) => text.Append(id, i + 1 == work.MaxTokens, out _))];
    }

    private static IGenerationStream Open(GenerationEngine engine, GenerationWork work)
    {
        var admission = engine.Open(work);
        Assert.True(admission.Status == GenerationStatus.Admitted, admission.Message);
        return admission.Stream!;
    }
}
