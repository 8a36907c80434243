namespace Meridian.Routing.Randomness;

/// <summary>
/// A seeded random generator that any thread may use without a lock, because its state is a counter: SplitMix64 (G. Steele, D. Lea, C. Flood, "Fast
/// splittable pseudorandom number generators", 2014). A seeded <see cref="Random"/> is not thread-safe.
/// </summary>
internal sealed class ConcurrentRandom(ulong seed) : Random
{
    private ulong _state = seed;

    public override int Next(int maxValue)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maxValue);
        return (int)Math.BigMul(Draw(), (ulong)maxValue, out _);
    }

    public override int Next() => Next(int.MaxValue);

    public override int Next(int minValue, int maxValue) => minValue + (int)Math.BigMul(Draw(), (ulong)((long)maxValue - minValue), out _);

    public override long NextInt64() => (long)(Draw() >> 1);

    protected override double Sample() => (Draw() >> 11) * (1.0 / (1ul << 53));

    private ulong Draw()
    {
        var z = Interlocked.Add(ref _state, 0x9E3779B97F4A7C15);
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
