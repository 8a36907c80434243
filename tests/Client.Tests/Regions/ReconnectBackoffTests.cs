using CsCheck;
using Meridian.Client.Regions;

namespace Meridian.Client.Tests.Regions;

public class ReconnectBackoffTests
{
    [Fact]
    public void Pauses_double_to_the_cap_within_their_upper_half_and_start_again_after_success() =>
        Gen.Select(Gen.Int, Gen.Int[100, 10_000]).Sample((seed, capMs) =>
        {
            var backoff = new ReconnectBackoff(TimeSpan.FromMilliseconds(capMs), new Random(seed));
            for (var round = 0; round < 2; round++)
            {
                var full = 100.0;
                for (var i = 0; i < 100; i++)
                {
                    var pause = backoff.Next().TotalMilliseconds;
                    Assert.InRange(pause, (Math.Min(full, capMs) / 2) - 0.01, Math.Min(full, capMs) + 0.01);
                    full = Math.Min(full * 2, capMs);
                }

                backoff.Reset();
            }
        });
}
