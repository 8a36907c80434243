using CsCheck;
using Meridian.Inference.Engines.Generation.Scheduling;

namespace Meridian.Inference.Tests.Engines.Generation;

public sealed class StepPaceTests
{
    [Fact]
    public void A_prompt_takes_its_share_of_a_step_whatever_the_machine() =>
        Gen.Select(Gen.Double[0.2, 40], Gen.Double[0.02, 5], Gen.Double[0, 0.5], Gen.Int[1, 64]).Sample((decodeMs, tokenMs, fixedShare, rows) =>
        {
            // A prompt costs something at all and something a token; the first estimates are ten times off.
            var pace = new StepPace(512, decodeMs * 10, tokenMs / 10);
            var tokens = 0;
            for (var i = 0; i < 200; i++)
            {
                pace.Observe(rows, 0, decodeMs);
                tokens = pace.PromptTokens(rows);
                pace.Observe(rows, tokens, decodeMs + (fixedShare * decodeMs) + (tokens * tokenMs));
            }

            var longest = (StepPace.PromptShare * decodeMs) + (tokenMs * 2);
            var took = (fixedShare * decodeMs) + (tokens * tokenMs);
            Assert.True(tokens <= StepPace.LeastTokens || took <= longest * 1.02, $"{tokens} tokens take {took} ms beside a step of {decodeMs} ms");
            Assert.True(
                tokens == 512 || took >= Math.Min(StepPace.LongestPromptStepMs, StepPace.PromptShare * decodeMs) * 0.9 - tokenMs, $"{tokens} tokens take {took} ms only beside a step of {decodeMs} ms");
        });

    /// <summary>As after a start under load: one sequence alone was measured, and prompts wait all the time.</summary>
    [Fact]
    public void Where_prompts_always_wait_the_time_without_them_is_measured_all_the_same() =>
        Gen.Select(Gen.Double[1, 40], Gen.Double[0.02, 1], Gen.Int[2, 64]).Sample((decodeMs, tokenMs, rows) =>
        {
            // One of the steps that measure takes ten times as long: something else ran.
            var pace = new StepPace(512, decodeMs / 20, tokenMs);
            var (total, measured) = (0, 0);
            for (var i = 0; i < 340; i++)
            {
                var tokens = pace.MustMeasure(rows) ? 0 : pace.PromptTokens(rows);
                measured += tokens == 0 ? 1 : 0;
                pace.Observe(rows, tokens, tokens == 0 && measured % 2 == 1 ? decodeMs * 10 : decodeMs + (tokens * tokenMs));
                total += tokens;
            }

            Assert.Equal(20, measured);
            var due = Math.Clamp((int)(StepPace.PromptShare * decodeMs / tokenMs), StepPace.LeastTokens, 512);
            Assert.InRange(total, 320 * due * 0.9, 320 * due * 1.1);
        });

    [Fact]
    public void Alone_a_prompt_takes_what_the_chunk_and_a_tolerable_wait_allow()
    {
        Assert.Equal(512, new StepPace(512, 1, 0.01).PromptTokens(0));
        Assert.Equal(50, new StepPace(512, 10, 5).PromptTokens(0));
        Assert.Equal(StepPace.LeastTokens, new StepPace(512, 10, 5000).PromptTokens(0));
        Assert.Equal(3, new StepPace(3, 10, 5000).PromptTokens(0));
    }

    [Fact]
    public void Many_short_prompts_do_not_wait_for_a_few_that_generate()
    {
        var pace = new StepPace(512, 10, 1);
        Assert.Equal((int)(10 * StepPace.PromptShare), pace.PromptTokens(1));
        Assert.Equal((int)StepPace.LongestPromptStepMs, pace.PromptTokens(1, starting: 1));
        Assert.Equal((int)StepPace.LongestPromptStepMs, pace.PromptTokens(8, starting: 4));
        Assert.Equal((int)(10 * StepPace.PromptShare), pace.PromptTokens(8, starting: 3));
    }

    [Fact]
    public void What_was_not_measured_is_taken_from_fewer_rows()
    {
        var pace = new StepPace(512, 2, 1);
        Assert.Equal(2, pace.DecodeMs(64));
        pace.Observe(8, 0, 6);
        Assert.Equal((2.0, 2.0, 6.0, 6.0), (pace.DecodeMs(1), pace.DecodeMs(7), pace.DecodeMs(8), pace.DecodeMs(64)));
    }
}
