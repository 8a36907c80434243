using Meridian.Inference.Sampling;

namespace Meridian.Inference.Tests.Sampling;

/// <summary>What a sampler must draw from: the documented steps in float64, with full sorts.</summary>
internal static class ReferenceDistribution
{
    public static double[] Logits(ReadOnlySpan<float> logits, SamplingSettings settings, IEnumerable<int> generated)
    {
        var shifted = new double[logits.Length];
        for (var i = 0; i < shifted.Length; i++)
            shifted[i] = float.IsNaN(logits[i]) ? double.NegativeInfinity : logits[i];
        foreach (var (id, bias) in settings.LogitBias)
            shifted[id] += bias;
        foreach (var group in generated.GroupBy(id => id))
        {
            ref var logit = ref shifted[group.Key];
            logit = logit > 0 ? logit / settings.RepetitionPenalty : logit * settings.RepetitionPenalty;
            logit -= group.Count() * (double)settings.FrequencyPenalty;
            logit -= settings.PresencePenalty;
        }

        return shifted;
    }

    public static double[] Of(ReadOnlySpan<float> logits, SamplingSettings settings, IEnumerable<int> generated)
    {
        var shifted = Logits(logits, settings, generated);
        var most = shifted.Max();
        var weights = shifted.Select(l => double.IsPositiveInfinity(most) ? (l == most ? 1 : 0) : Math.Exp((l - most) / settings.Temperature)).ToArray();
        int[] Order() => [.. Enumerable.Range(0, weights.Length).OrderByDescending(i => weights[i]).ThenBy(i => i)];
        if (settings.TopK > 0 && settings.TopK < weights.Length)
        {
            var cut = weights[Order()[settings.TopK - 1]];
            Keep(i => weights[i] >= cut);
        }

        if (settings.TopP < 1)
        {
            var wanted = weights.Sum() * settings.TopP;
            var before = 0.0;
            var kept = new HashSet<int>();
            foreach (var i in Order())
            {
                if (before >= wanted * (1 - 1e-12) && kept.Count > 0)
                    break;
                kept.Add(i);
                before += weights[i];
            }

            Keep(kept.Contains);
        }

        if (settings.MinP > 0)
            Keep(i => weights[i] >= settings.MinP);
        var total = weights.Sum();
        return [.. weights.Select(w => w / total)];

        void Keep(Func<int, bool> stays)
        {
            weights = [.. weights.Select((w, i) => stays(i) ? w : 0)];
        }
    }

    /// <summary>Fails where counts are no likely outcome of a distribution: Pearson's chi-square, rare outcomes taken together, at about one in a million.</summary>
    public static void AssertDrawnFrom(double[] probabilities, int[] counts)
    {
        var draws = counts.Sum();
        var statistic = 0.0;
        var bins = 0;
        var (restExpected, restCount) = (0.0, 0);
        for (var i = 0; i < counts.Length; i++)
        {
            if (probabilities[i] == 0)
            {
                Assert.True(counts[i] == 0, $"token {i} is no candidate, but was drawn {counts[i]} times");
                continue;
            }

            var expected = probabilities[i] * draws;
            if (expected < 5)
            {
                restExpected += expected;
                restCount += counts[i];
                continue;
            }

            statistic += (counts[i] - expected) * (counts[i] - expected) / expected;
            bins++;
        }

        if (restExpected >= 5)
        {
            statistic += (restCount - restExpected) * (restCount - restExpected) / restExpected;
            bins++;
        }

        // Wilson and Hilferty: the cube root of chi-square over its degrees of freedom is nearly normal.
        var freedom = bins - 1;
        if (freedom == 0)
            return;
        var spread = 2.0 / (9 * freedom);
        var deviation = (Math.Cbrt(statistic / freedom) - (1 - spread)) / Math.Sqrt(spread);
        Assert.True(deviation < 4.75, $"chi-square {statistic:F1} with {freedom} degrees of freedom is {deviation:F1} standard deviations off");
    }
}
