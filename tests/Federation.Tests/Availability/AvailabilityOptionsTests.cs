using Meridian.Federation.Availability;
using Meridian.Federation.Configuration;
using Meridian.Federation.Hosting;

namespace Meridian.Federation.Tests.Availability;

public sealed class AvailabilityOptionsTests
{
    [Fact]
    public void The_defaults_are_right() => Assert.True(new AvailabilityOptionsValidator().Validate(null, new FederationOptions()).Succeeded);

    [Fact]
    public void Every_mistake_is_named_at_once()
    {
        var options = new FederationOptions
        {
            Availability = new AvailabilityOptions
            {
                FailureRatio = double.NaN,
                MinimumThroughput = 1,
                SamplingWindow = TimeSpan.Zero,
                Break = TimeSpan.FromSeconds(9),
                MaxBreak = TimeSpan.FromSeconds(8),
                Probes = 0,
                SlowStart = TimeSpan.FromSeconds(-1),
                SlowStartFloor = 0,
                SlowStartAggression = double.PositiveInfinity,
            },
        };

        var result = new AvailabilityOptionsValidator().Validate(null, options);

        foreach (var option in new[] { "FailureRatio is NaN", "MinimumThroughput is 1", "SamplingWindow is 00:00:00", "MaxBreak is 00:00:08", "Probes is 0", "SlowStart is -", "SlowStartFloor is 0", "SlowStartAggression is" })
            Assert.Contains(result.Failures!, f => f.Contains($"Availability.{option}", StringComparison.Ordinal));
    }
}
