using System.Numerics.Tensors;

namespace Meridian.Inference.Sampling;

/// <summary>Log probabilities of a model's own distribution.</summary>
public static class Logprobs
{
    /// <summary>Stands for the logarithm of 0, which JSON cannot represent. OpenAI and vLLM use the same number.</summary>
    public const float Impossible = -9999;

    /// <summary>Most alternatives for one token.</summary>
    public const int MaxTop = 20;

    private const int Block = 512;

    /// <summary>
    /// Log softmax of the chosen token and of the most probable ones, summed in float64. A NaN logit counts as minus infinity. If some logits are plus
    /// infinity, these tokens share all the probability.
    /// </summary>
    /// <param name="logits">[vocabulary], as the model returned them.</param>
    /// <param name="chosen">Id of the chosen token.</param>
    /// <param name="top">Number of most probable tokens to return, 0 to <see cref="MaxTop"/>. Among equals, the lowest id comes first.</param>
    public static GeneratedLogprob Of(ReadOnlySpan<float> logits, int chosen, int top)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)chosen, (uint)logits.Length, nameof(chosen));
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)top, (uint)MaxTop, nameof(top));
        var most = Most(logits);
        var normalizer = Normalizer(logits, most);
        return new GeneratedLogprob(chosen, Of(logits[chosen], most, normalizer), top == 0 ? [] : Best(logits, top, most, normalizer));
    }

    /// <summary>
    /// Returns the <paramref name="count"/> most probable tokens, best first; fewer if the vocabulary is smaller. Special logits count as in
    /// <see cref="Of(ReadOnlySpan{float}, int, int)"/>.
    /// </summary>
    /// <param name="logits">[vocabulary], as the model returned them.</param>
    /// <param name="count">At least 1. Among equals, the lowest id comes first.</param>
    public static (int TokenId, float Logprob)[] Top(ReadOnlySpan<float> logits, int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        var most = Most(logits);
        return Best(logits, count, most, Normalizer(logits, most));
    }

    private static float Most(ReadOnlySpan<float> logits)
    {
        var most = TensorPrimitives.Max(logits);
        if (!float.IsNaN(most))
            return most;
        most = float.NegativeInfinity;
        foreach (var logit in logits)
            most = logit > most ? logit : most;
        return most;
    }

    // log(sum(exp(l - most))). With infinities: the logarithm of the number of tokens that share the probability.
    private static double Normalizer(ReadOnlySpan<float> logits, float most)
    {
        if (!float.IsFinite(most))
        {
            var sharing = 0;
            foreach (var logit in logits)
                sharing += logit == float.PositiveInfinity ? 1 : 0;
            return Math.Log(Math.Max(1, sharing));
        }

        Span<double> block = stackalloc double[Block];
        var sum = 0.0;
        for (var at = 0; at < logits.Length; at += Block)
        {
            var part = logits[at..Math.Min(at + Block, logits.Length)];
            var wide = block[..part.Length];
            TensorPrimitives.ConvertTruncating(part, wide);
            TensorPrimitives.Subtract(wide, most, wide);
            TensorPrimitives.Exp(wide, wide);
            var partial = TensorPrimitives.Sum(wide);
            if (double.IsNaN(partial))
            {
                partial = 0;
                foreach (var term in wide)
                    partial += double.IsNaN(term) ? 0 : term;
            }

            sum += partial;
        }

        return Math.Log(sum);
    }

    private static float Of(float logit, float most, double normalizer)
    {
        if (float.IsNaN(logit))
            return Impossible;
        var above = float.IsFinite(most) ? (double)logit - most : logit == float.PositiveInfinity ? 0 : double.NegativeInfinity;
        return (float)Math.Max(Impossible, above - normalizer);
    }

    private static (int TokenId, float Logprob)[] Best(ReadOnlySpan<float> logits, int count, float most, double normalizer)
    {
        count = Math.Min(count, logits.Length);
        var best = new (int TokenId, float Logprob)[count];
        var found = 0;
        for (var id = 0; id < logits.Length; id++)
        {
            var logit = float.IsNaN(logits[id]) ? float.NegativeInfinity : logits[id];
            if (found == count && !(logit > best[count - 1].Logprob))
                continue;
            var at = found < count ? found++ : count - 1;
            for (; at > 0 && logit > best[at - 1].Logprob; at--)
                best[at] = best[at - 1];
            best[at] = (id, logit);
        }

        for (var i = 0; i < best.Length; i++)
            best[i].Logprob = Of(best[i].Logprob, most, normalizer);
        return best;
    }
}
