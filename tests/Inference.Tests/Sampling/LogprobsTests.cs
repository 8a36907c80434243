using CsCheck;
using Meridian.Inference.Sampling;

namespace Meridian.Inference.Tests.Sampling;

public sealed class LogprobsTests
{
    [Fact]
    public void Are_the_log_softmax_with_the_best_first()
    {
        Gen.Select(Gen.Float[-40, 40].Array[1, 1500], Gen.Int[0, 20], Gen.Int[0, 1 << 20]).Sample((logits, top, pick) =>
        {
            var chosen = pick % logits.Length;
            var result = Logprobs.Of(logits, chosen, top);
            var most = logits.Max();
            var normalizer = most + Math.Log(logits.Sum(l => Math.Exp((double)l - most)));
            Assert.Equal(chosen, result.TokenId);
            Assert.Equal(logits[chosen] - normalizer, result.Logprob, 1e-5);
            var best = logits.Select((l, i) => (l, i)).OrderByDescending(c => c.l).ThenBy(c => c.i).Take(top).ToArray();
            Assert.Equal(best.Select(c => c.i), result.Top.Select(t => t.TokenId));
            foreach (var ((logit, _), (_, logprob)) in best.Zip(result.Top))
                Assert.Equal(logit - normalizer, logprob, 1e-5);
        });
    }

    [Fact]
    public void Sums_in_float64()
    {
        // 100,000 tokens of e^-20 beside one of 1 would be lost in float32.
        var logits = Enumerable.Repeat(-20f, 100_001).ToArray();
        logits[17] = 0;
        Assert.Equal(-Math.Log(1 + (100_000 * Math.Exp(-20))), Logprobs.Of(logits, 17, 0).Logprob, 1e-9);
    }

    [Fact]
    public void What_is_no_number_has_no_probability()
    {
        var result = Logprobs.Of([float.NaN, 1, float.NegativeInfinity, 1], 0, 4);
        Assert.Equal(Logprobs.Impossible, result.Logprob);
        Assert.Equal([(1, -MathF.Log(2)), (3, -MathF.Log(2)), (0, Logprobs.Impossible), (2, Logprobs.Impossible)], result.Top);
        Assert.Equal(-MathF.Log(2), Logprobs.Of([float.PositiveInfinity, 5, float.PositiveInfinity, float.NaN], 2, 0).Logprob);
        Assert.Equal(Logprobs.Impossible, Logprobs.Of([float.NaN, float.NaN], 1, 2).Logprob);
        Assert.Equal(2, Logprobs.Of([0, 0], 1, 20).Top.Length);
    }
}
