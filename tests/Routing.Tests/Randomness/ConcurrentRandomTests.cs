using CsCheck;
using Meridian.Routing.Randomness;

namespace Meridian.Routing.Tests.Randomness;

public sealed class ConcurrentRandomTests
{
    [Fact]
    public void Draws_stay_in_range() =>
        Gen.Select(Gen.ULong, Gen.Int[1, int.MaxValue], Gen.Int, Gen.Int).Sample((seed, max, a, b) =>
        {
            var random = new ConcurrentRandom(seed);
            var (least, most) = (Math.Min(a, b), Math.Max(a, b));
            var between = random.Next(least, most);
            return random.Next(max) is var x && x >= 0 && x < max && random.Next() >= 0 && random.NextInt64() >= 0 && random.NextDouble() is >= 0 and < 1
                && (least == most ? between == least : between >= least && between < most);
        });

    [Fact]
    public void Draws_are_even()
    {
        var random = new ConcurrentRandom(42);
        var counts = new int[3];
        for (var i = 0; i < 30_000; i++)
            counts[random.Next(3)]++;

        Assert.All(counts, c => Assert.InRange(c, 9_600, 10_400));
    }

    [Fact]
    public void The_seed_decides_the_draws() => Assert.Equal(new ConcurrentRandom(7).Next(1000), new ConcurrentRandom(7).Next(1000));
}
