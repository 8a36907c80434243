using Meridian.Federation.Configuration;
using Meridian.Federation.Liveness;
using Meridian.Routing;
using Meridian.Routing.Decision;
using Meridian.Routing.Policies;
using Meridian.Routing.Tables;
using Microsoft.Extensions.Time.Testing;

namespace Meridian.Federation.Tests.Liveness;

/// <summary>From the beats to the decision, on a clock that moves only when told.</summary>
public sealed class LatencyShiftTests
{
    private static readonly TimeSpan Beat = new HeartbeatOptions().Interval;
    private readonly FakeTimeProvider _time = new();
    private readonly LivenessBoard _board;
    private readonly RoutingDirector _director = new(RoutingPolicies.ByName[RoutingPolicyNames.Default], 5);
    private readonly Random _jitter = new(1);

    public LatencyShiftTests()
    {
        _board = new LivenessBoard(new FederationOptions(), null, null, new InFlightLedger(), _time);
        _board.Follow(Sample.Intent(("near", "eu"), ("far", "us")));
    }

    /// <summary>From one side of the other region's 80 ms to the other, and back; a tenth of the shift beyond is enough.</summary>
    [Theory]
    [InlineData(20, 100)]
    [InlineData(20, 300)]
    [InlineData(60, 95)]
    public void A_shift_is_followed_within_five_seconds_both_ways(double before, double after)
    {
        Assert.True(BeatsUntil("near", before) < TimeSpan.FromSeconds(5));
        Pass(before, TimeSpan.FromMinutes(1));

        Assert.InRange(BeatsUntil("far", after), Beat, TimeSpan.FromSeconds(5));
        Pass(after, TimeSpan.FromMinutes(1));
        Assert.Equal("far", Choice());
        Assert.InRange(BeatsUntil("near", before), Beat, TimeSpan.FromSeconds(5));
    }

    [Fact]
    public void A_second_of_delay_moves_nothing()
    {
        Pass(20, TimeSpan.FromSeconds(10));
        Pass(400, TimeSpan.FromSeconds(1));
        Assert.Equal("near", Choice());
        Pass(20, TimeSpan.FromSeconds(1));
        Assert.Equal("near", Choice());
    }

    private TimeSpan BeatsUntil(string choice, double nearMs)
    {
        var passed = TimeSpan.Zero;
        while (Choice() != choice && passed < TimeSpan.FromMinutes(1))
        {
            Pass(nearMs, Beat);
            passed += Beat;
        }

        return passed;
    }

    private void Pass(double nearMs, TimeSpan time)
    {
        for (var passed = TimeSpan.Zero; passed < time; passed += Beat)
        {
            _time.Advance(Beat);
            Hear("near", nearMs);
            Hear("far", 80);
        }
    }

    private void Hear(string region, double roundTripMs)
    {
        var now = _time.GetTimestamp();
        var sent = now - (long)((roundTripMs + (_jitter.NextDouble() * 10)) / 1000 * _time.TimestampFrequency);
        _board.Heard(region, Sample.Status(region), now, sent);
    }

    private string? Choice() => _director.Decide(_board.Snapshot(), new RouteRequest { Model = "minilm" }, new Random(1)).Choice?.Name;
}
