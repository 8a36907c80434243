using CsCheck;
using Meridian.Timing;

namespace Meridian.Routing.Tests.Timing;

public sealed class BackoffTests
{
    [Fact]
    public void Pauses_double_from_the_first_to_the_longest() =>
        Gen.Select(Gen.Int[1, 5000], Gen.Int[1, 100_000]).Sample((first, longest) =>
        {
            var backoff = new Backoff(TimeSpan.FromMilliseconds(first), TimeSpan.FromMilliseconds(longest));
            double pause = first;
            for (var failures = 1; failures < 200; failures++)
            {
                Assert.Equal(Math.Min(pause, longest), backoff.After(failures).TotalMilliseconds);
                pause *= 2;
            }
        });

    [Fact]
    public void There_is_no_pause_without_a_failure_and_no_overflow_after_many()
    {
        var backoff = new Backoff(TimeSpan.FromMilliseconds(100), TimeSpan.MaxValue);
        Assert.Equal(TimeSpan.Zero, backoff.After(0));
        Assert.Equal(TimeSpan.MaxValue, backoff.After(long.MaxValue));
    }

    [Fact]
    public void A_drawn_pause_is_in_the_upper_half() =>
        Gen.Select(Gen.Int[1, 100], Gen.Double[0, 1]).Sample((failures, draw) =>
        {
            var backoff = new Backoff(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(10));
            Assert.InRange(backoff.After(failures, draw), backoff.After(failures) / 2, backoff.After(failures));
        });
}
