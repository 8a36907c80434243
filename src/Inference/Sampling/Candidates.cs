using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Meridian.Inference.Sampling;

/// <summary>
/// Filters a distribution. Weights of all tokens; a removed token has weight zero. Weights are from 0 to 1 (up to rounding), never NaN.
/// </summary>
/// <remarks>
/// A full sort of 100,000 tokens costs more than the model's last layer. So cuts are found by bisection over the weights, with one vectorised pass for each
/// step.
/// </remarks>
internal static class Candidates
{
    /// <summary>Bisection ends when at most this many elements are between the two bounds. They are then sorted.</summary>
    private const int Few = 64;

    /// <summary>When at most this many elements are between the two bounds, they are copied together, so that later passes read only the copy.</summary>
    private const int Near = 4096;

    /// <summary>Draw skips blocks of this many elements by their sum.</summary>
    private const int DrawBlock = 128;

    /// <summary>Number of elements summed in float32 before the sum continues in float64.</summary>
    private const int Block = 1024;

    /// <summary>Above every weight. A vectorised exponential of 0 can be slightly more than 1.</summary>
    private const float Ceiling = 1.001f;

    /// <summary>Keeps the k largest weights and all that equal the k-th.</summary>
    public static void KeepTop(Span<float> weights, int k)
    {
        if (k >= weights.Length)
            return;
        var cut = Find(weights, 0, count: k, mass: double.PositiveInfinity);
        KeepFrom(weights, cut);
    }

    /// <summary>
    /// Keeps the fewest largest weights whose sum reaches a share of the total. Among equal weights at the edge, those with the lowest ids are kept.
    /// </summary>
    public static void KeepMass(Span<float> weights, float share)
    {
        var total = Total(weights);
        var wanted = total * share;

        // All weights below this value together have less mass than may be left out.
        var floor = (float)((total - wanted) / weights.Length * 0.999);
        var cut = Find(weights, floor, count: int.MaxValue, mass: wanted);
        if (!(cut > 0))
            return;
        var (equal, above) = Above(weights, cut);
        KeepFrom(weights, cut);
        var kept = Math.Max(1, (int)Math.Ceiling((wanted - above) / cut * (1 - 1e-12)));
        for (var id = weights.Length - 1; equal > kept; id--)
        {
            if (weights[id] == cut)
            {
                weights[id] = 0;
                equal--;
            }
        }
    }

    /// <summary>Keeps all weights that are at least the bound.</summary>
    public static void KeepFrom(Span<float> weights, float bound)
    {
        var vectors = MemoryMarshal.Cast<float, Vector<float>>(weights);
        var bounds = new Vector<float>(bound);
        for (var i = 0; i < vectors.Length; i++)
            vectors[i] = Vector.ConditionalSelect(Vector.GreaterThanOrEqual(vectors[i], bounds), vectors[i], Vector<float>.Zero);
        for (var i = vectors.Length * Vector<float>.Count; i < weights.Length; i++)
            weights[i] = weights[i] >= bound ? weights[i] : 0;
    }

    /// <summary>Finds the token at a point of the cumulated weights, in order of ids (the inverse of the distribution function).</summary>
    /// <param name="weights">Not all zero.</param>
    /// <param name="uniform">In [0, 1).</param>
    public static int Draw(ReadOnlySpan<float> weights, double uniform)
    {
        var total = 0.0;
        for (var at = 0; at < weights.Length; at += DrawBlock)
            total += TensorPrimitives.Sum(weights[at..Math.Min(at + DrawBlock, weights.Length)]);

        var point = total * uniform;
        var last = -1;
        for (var at = 0; at < weights.Length; at += DrawBlock)
        {
            var part = weights[at..Math.Min(at + DrawBlock, weights.Length)];
            var sum = TensorPrimitives.Sum(part);
            if (sum == 0)
                continue;
            last = at + part.LastIndexOfAnyExcept(0f);
            if (point >= sum)
            {
                point -= sum;
                continue;
            }

            for (var i = 0; i < part.Length; i++)
            {
                point -= part[i];
                if (point < 0)
                    return at + i;
            }

            break;
        }

        // Because of rounding, the point lies behind the last candidate of its block or of all blocks. That candidate is drawn.
        return last;
    }

    /// <summary>
    /// Finds the largest weight for which the weights at least as large reach the wanted count or the wanted mass. Returns 0 if all weights are needed.
    /// </summary>
    private static float Find(ReadOnlySpan<float> weights, float floor, int count, double mass)
    {
        // The weights from `low` up are enough, the weights from `high` up are not. Positive floats have the same order as their bits.
        var low = BitConverter.SingleToInt32Bits(floor);
        var high = BitConverter.SingleToInt32Bits(Ceiling);
        var (lowCount, lowMass) = Reach(weights, floor);
        if (lowCount < count && lowMass < mass)
        {
            // Because of rounding, the floor was a little too high.
            if (floor == 0)
                return 0;
            low = 0;
            (lowCount, _) = Reach(weights, 0);
        }

        // Most of the mass lies in a few octaves below the largest weight.
        var highCount = 0;
        var highMass = 0.0;
        for (var probe = 0.25f; probe > floor && probe > 1e-30f; probe *= probe)
        {
            var (reachCount, reachMass) = Reach(weights, probe);
            if (reachCount >= count || reachMass >= mass)
            {
                (low, lowCount) = (BitConverter.SingleToInt32Bits(probe), reachCount);
                break;
            }

            (high, highCount, highMass) = (BitConverter.SingleToInt32Bits(probe), reachCount, reachMass);
        }

        Span<float> near = stackalloc float[Near];
        scoped var set = weights;
        var (beyondCount, beyondMass) = (0, 0.0);
        while (lowCount - highCount > Few && high - low > 1)
        {
            if (set.Length > Near && lowCount - highCount <= Near)
            {
                set = near[..Between(set, BitConverter.Int32BitsToSingle(low), BitConverter.Int32BitsToSingle(high), near)];
                (beyondCount, beyondMass) = (highCount, highMass);
            }

            var middle = low + ((high - low) >> 1);
            var (reachCount, reachMass) = Reach(set, BitConverter.Int32BitsToSingle(middle));
            reachCount += beyondCount;
            reachMass += beyondMass;
            if (reachCount >= count || reachMass >= mass)
                (low, lowCount) = (middle, reachCount);
            else
                (high, highCount, highMass) = (middle, reachCount, reachMass);
        }

        var bound = BitConverter.Int32BitsToSingle(low);
        if (high - low <= 1)
            return bound;

        Span<float> few = stackalloc float[Few];
        var found = Between(set, bound, BitConverter.Int32BitsToSingle(high), few);
        few = few[..found];
        few.Sort();
        for (var i = found - 1; i >= 0; i--)
        {
            highCount++;
            highMass += few[i];
            if (highCount >= count || highMass >= mass)
                return few[i];
        }

        return found > 0 ? few[0] : bound;
    }

    private static int Between(ReadOnlySpan<float> weights, float from, float below, Span<float> few)
    {
        var found = 0;
        var vectors = MemoryMarshal.Cast<float, Vector<float>>(weights);
        var fromAll = new Vector<float>(from);
        var belowAll = new Vector<float>(below);
        for (var i = 0; i < vectors.Length; i++)
        {
            var inside = Vector.GreaterThanOrEqual(vectors[i], fromAll) & Vector.LessThan(vectors[i], belowAll);
            if (inside == Vector<int>.Zero)
                continue;
            for (var lane = 0; lane < Vector<float>.Count; lane++)
            {
                if (inside[lane] != 0)
                    few[found++] = vectors[i][lane];
            }
        }

        for (var i = vectors.Length * Vector<float>.Count; i < weights.Length; i++)
        {
            if (weights[i] >= from && weights[i] < below)
                few[found++] = weights[i];
        }

        return found;
    }

    private static double Total(ReadOnlySpan<float> weights) => Reach(weights, 0).Mass;

    private static (int Count, double Mass) Reach(ReadOnlySpan<float> weights, float bound)
    {
        var count = 0;
        var mass = 0.0;
        for (var at = 0; at < weights.Length; at += Block)
        {
            var (blockCount, blockMass) = Mass(weights[at..Math.Min(at + Block, weights.Length)], bound);
            count += blockCount;
            mass += blockMass;
        }

        return (count, mass);
    }

    private static (int Count, double Mass) Mass(ReadOnlySpan<float> weights, float bound)
    {
        var vectors = MemoryMarshal.Cast<float, Vector<float>>(weights);
        var bounds = new Vector<float>(bound);
        var sums = Vector<float>.Zero;
        var otherSums = Vector<float>.Zero;
        var counts = Vector<int>.Zero;
        var otherCounts = Vector<int>.Zero;
        var i = 0;
        for (; i + 1 < vectors.Length; i += 2)
        {
            var reached = Vector.GreaterThanOrEqual(vectors[i], bounds);
            var otherReached = Vector.GreaterThanOrEqual(vectors[i + 1], bounds);
            counts -= reached;
            otherCounts -= otherReached;
            sums += Vector.ConditionalSelect(reached, vectors[i], Vector<float>.Zero);
            otherSums += Vector.ConditionalSelect(otherReached, vectors[i + 1], Vector<float>.Zero);
        }

        var count = Vector.Sum(counts + otherCounts);
        double mass = Vector.Sum(sums + otherSums);
        for (i *= Vector<float>.Count; i < weights.Length; i++)
        {
            if (weights[i] >= bound)
            {
                count++;
                mass += weights[i];
            }
        }

        return (count, mass);
    }

    private static (int Equal, double Above) Above(ReadOnlySpan<float> weights, float cut)
    {
        var (count, _) = Reach(weights, cut);
        var (above, mass) = Reach(weights, float.BitIncrement(cut));
        return (count - above, mass);
    }
}
