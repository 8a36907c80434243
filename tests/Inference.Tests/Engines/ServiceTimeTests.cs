using CsCheck;
using Meridian.Inference.Engines;

namespace Meridian.Inference.Tests.Engines;

public sealed class ServiceTimeTests
{
    private static readonly long Second = TimeProvider.System.TimestampFrequency;

    [Fact]
    public void A_slow_start_is_forgotten_while_nobody_asks()
    {
        var time = new ServiceTime(100, 0, TimeProvider.System);
        time.Add(4, Second);
        var fresh = time.Expect(busy: false, Second);
        Assert.True(fresh > 80);
        var doubt = (float)Math.Pow(0.5, 2 * 1000 / ServiceTime.DoubtHalfLifeMs);
        Assert.Equal((4 + ((fresh - 4) / 2)) * doubt, time.Expect(busy: false, 3 * Second), 0.01f);
    }

    [Fact]
    public void An_engine_that_knows_only_its_slow_warm_up_is_tried_again()
    {
        var time = new ServiceTime(10.5f, 0, TimeProvider.System);
        Assert.Equal(10.5f, time.Expect(busy: false, 0), 0.01f);
        Assert.Equal(5.25f, time.Expect(busy: false, 10 * Second), 0.01f);
        Assert.InRange(time.Expect(busy: false, 60 * Second), 0, 0.2f);

        // Tried once, it says again what it measured.
        time.Add(9, 60 * Second);
        Assert.InRange(time.Expect(busy: false, 60 * Second), 9, 10.5f);
    }

    [Fact]
    public void A_busy_engine_says_what_it_measures()
    {
        var time = new ServiceTime(4, 0, TimeProvider.System);
        for (var i = 1; i <= 100; i++)
            time.Add(20, i * Second);
        Assert.Equal(20, time.Expect(busy: true, 500 * Second), 0.01f);
    }

    [Fact]
    public void The_expectation_is_never_above_the_mean_and_never_more_than_doubt_below_the_best() =>
        Gen.Select(Gen.Float[0.01f, 1000f].Array[1, 50], Gen.Int[0, 100]).Sample((runs, idleSeconds) =>
        {
            var time = new ServiceTime(runs[0], 0, TimeProvider.System);
            foreach (var ms in runs)
                time.Add(ms, 0);
            var expected = time.Expect(busy: false, idleSeconds * Second);
            var doubt = (float)Math.Pow(0.5, idleSeconds * 1000 / ServiceTime.DoubtHalfLifeMs);
            Assert.InRange(expected, runs.Min() * doubt * 0.999f, Math.Max(time.Mean, runs.Min()) * 1.001f);
        });
}
