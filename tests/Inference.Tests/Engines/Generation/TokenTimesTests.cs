using Meridian.Inference.Engines.Generation.Scheduling;

namespace Meridian.Inference.Tests.Engines.Generation;

public sealed class TokenTimesTests
{
    private static readonly long Second = TimeProvider.System.TimestampFrequency;

    [Fact]
    public void Before_anything_ran_there_is_what_the_warm_up_measured()
    {
        var times = new TokenTimes(12, 24, TimeProvider.System);
        var pace = times.Expect(busy: true, 0);
        Assert.Equal((12f, 12f, 0f, 24), (pace.TokenMs, pace.AloneMs, pace.Tokens, pace.Slots));
    }

    [Fact]
    public void Times_between_tokens_follow_the_steps_and_lengths_the_sequences_that_ended()
    {
        var times = new TokenTimes(12, 24, TimeProvider.System);
        for (var i = 0; i < 100; i++)
        {
            times.Step(40, 15, i);
            times.Ended(i % 2 == 0 ? 100 : 300);
        }

        var pace = times.Expect(busy: true, 100);
        Assert.Equal(40, pace.TokenMs, 0.1f);
        Assert.Equal(15, pace.AloneMs, 0.01f);
        Assert.InRange(pace.Tokens, 180, 220);
    }

    [Fact]
    public void Of_an_idle_engine_the_time_sinks_and_the_rest_stays()
    {
        var times = new TokenTimes(12, 24, TimeProvider.System);
        for (var i = 0; i < 100; i++)
            times.Step(40, 15, 0);
        times.Ended(100);

        var before = times.Expect(busy: false, 0);
        var after = times.Expect(busy: false, 30 * Second);
        Assert.Equal(40, before.TokenMs, 0.1f);
        Assert.InRange(after.TokenMs, 0, 12);
        Assert.Equal(before with { TokenMs = 0 }, after with { TokenMs = 0 });
    }
}
