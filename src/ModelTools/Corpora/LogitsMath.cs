using System.Numerics.Tensors;

namespace Meridian.ModelTools.Corpora;

/// <summary>What is asked of a row of logits.</summary>
internal static class LogitsMath
{
    /// <summary>log of the sum of exponentials: a token's log probability is its logit minus this.</summary>
    public static double LogSumExp(ReadOnlySpan<float> logits)
    {
        var most = TensorPrimitives.Max(logits);
        var sum = 0.0;
        foreach (var logit in logits)
            sum += Math.Exp(logit - most);
        return most + Math.Log(sum);
    }

    /// <summary>The best entries, best first; among equals the lower id first.</summary>
    /// <param name="logits">[vocabulary]</param>
    /// <param name="ids">As many as are wanted, at most the vocabulary.</param>
    /// <param name="values">Their logits; as long as <paramref name="ids"/>.</param>
    public static void Top(ReadOnlySpan<float> logits, Span<int> ids, Span<float> values)
    {
        var kept = 0;
        for (var id = 0; id < logits.Length; id++)
        {
            var logit = logits[id];
            if (kept == ids.Length && !(logit > values[kept - 1]))
                continue;
            var place = kept < ids.Length ? kept++ : kept - 1;
            for (; place > 0 && logit > values[place - 1]; place--)
                (ids[place], values[place]) = (ids[place - 1], values[place - 1]);
            (ids[place], values[place]) = (id, logit);
        }
    }
}
