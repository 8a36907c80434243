using CsCheck;
using Meridian.Silo.Dev;
using Microsoft.Extensions.Time.Testing;

namespace Meridian.Silo.Tests.Dev;

public sealed class RestartPolicyTests
{
    private static readonly Gen<TimeSpan> Health = Gen.Int[0, 120_000].Select(ms => TimeSpan.FromMilliseconds(ms));

    [Fact]
    public void The_first_restart_is_immediate_then_waits_double_up_to_ten_seconds()
    {
        var delays = new List<double>();
        var exits = 0;
        for (var i = 0; i < 8; i++)
        {
            (var delay, exits) = RestartPolicy.Next(exits, TimeSpan.Zero);
            delays.Add(delay.TotalSeconds);
        }

        Assert.Equal([0, 0.5, 1, 2, 4, 8, 10, 10], delays);
    }

    [Fact]
    public void Whatever_happens_the_delay_is_within_bounds_and_health_makes_the_next_restart_immediate() =>
        Health.Array[1, 200].Sample(runs =>
        {
            var exits = 0;
            foreach (var healthy in runs)
            {
                var before = exits;
                (var delay, exits) = RestartPolicy.Next(exits, healthy);
                if (delay < TimeSpan.Zero || delay > RestartPolicy.Cap || exits < 1)
                {
                    return false;
                }

                if ((delay == TimeSpan.Zero) != (before == 0 || healthy >= RestartPolicy.HealthyAfter))
                {
                    return false;
                }
            }

            return true;
        });

    [Fact]
    public void Without_health_delays_never_shrink() =>
        Gen.Int[2, 2000].Sample(count =>
        {
            var exits = 0;
            var last = TimeSpan.Zero;
            for (var i = 0; i < count; i++)
            {
                (var delay, exits) = RestartPolicy.Next(exits, RestartPolicy.HealthyAfter - TimeSpan.FromTicks(1));
                if (delay < last)
                {
                    return false;
                }

                last = delay;
            }

            return last <= RestartPolicy.Cap;
        });

    [Fact]
    public void Time_counts_as_health_only_from_readiness()
    {
        var time = new FakeTimeProvider();
        var schedule = new RestartSchedule(time);
        Assert.Equal(TimeSpan.Zero, schedule.Exited());

        // A minute of loading is no health.
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(RestartPolicy.Base, schedule.Exited());

        schedule.Ready();
        time.Advance(TimeSpan.FromSeconds(29));
        schedule.Ready();
        Assert.Equal(2 * RestartPolicy.Base, schedule.Exited());

        schedule.Ready();
        time.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(TimeSpan.Zero, schedule.Exited());
        Assert.Equal(1, schedule.Exits);
    }
}
