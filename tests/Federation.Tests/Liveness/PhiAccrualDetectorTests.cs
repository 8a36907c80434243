using CsCheck;
using Meridian.Federation.Configuration;
using Meridian.Federation.Liveness;

namespace Meridian.Federation.Tests.Liveness;

public sealed class PhiAccrualDetectorTests
{
    private static readonly HeartbeatOptions Options = new();

    private static PhiAccrualDetector Detector() => new(Options.Interval, Options.AcceptablePause, Options.MinStdDev);

    [Fact]
    public void Suspicion_only_grows_while_silence_lasts() =>
        Gen.Select(Gen.Double[0, 3000].Array[0, 100], Gen.Double[0, 100_000], Gen.Double[0, 100_000]).Sample((intervals, one, other) =>
        {
            var (detector, last) = Fed(intervals);
            return detector.Phi(last + Math.Min(one, other)) <= detector.Phi(last + Math.Max(one, other));
        });

    [Fact]
    public void Jitter_within_the_acceptable_pause_arouses_no_suspicion() =>
        Gen.Select(Gen.Double[20, 1000].Array[0, 100], Gen.Double[0, 1000]).Sample((intervals, silence) =>
        {
            var (detector, last) = Fed(intervals);
            return detector.Phi(last + silence) < Options.SuspectPhi;
        });

    [Fact]
    public void Suspicion_is_a_number_whatever_the_silence() =>
        Gen.Select(Gen.Double[0, 1e6].Array[0, 100], Gen.Double[-1e9, 1e9]).Sample((intervals, silence) =>
        {
            var (detector, last) = Fed(intervals);
            var phi = detector.Phi(last + silence);
            return phi >= 0 && double.IsFinite(phi);
        });

    [Theory]
    [InlineData(1500, 0, 1)]
    [InlineData(1700, 1, 8)]
    [InlineData(2800, 1, 8)]
    [InlineData(2950, 8, double.MaxValue)]
    public void The_defaults_suspect_after_one_and_a_half_seconds_and_give_up_after_three(double silenceMs, double atLeast, double below)
    {
        var (detector, last) = Fed(Enumerable.Repeat(200.0, 100));

        Assert.InRange(detector.Phi(last + silenceMs), atLeast, below);
    }

    [Fact]
    public void An_arrival_from_before_the_last_one_changes_nothing()
    {
        var (detector, last) = Fed(Enumerable.Repeat(200.0, 10));
        var before = detector.Phi(last + 1000);

        detector.Heard(last - 500);
        detector.Heard(double.NaN);

        Assert.Equal(before, detector.Phi(last + 1000));
    }

    [Fact]
    public void A_new_sender_is_not_judged_by_the_habits_of_the_old()
    {
        var (detector, last) = Fed(Enumerable.Repeat(5000.0, 100));
        detector.Reset(last);

        Assert.True(detector.Phi(last + 3100) >= Options.DeadPhi);
    }

    private static (PhiAccrualDetector Detector, double Last) Fed(IEnumerable<double> intervals)
    {
        var detector = Detector();
        double at = 1000;
        detector.Reset(at);
        foreach (var interval in intervals)
            detector.Heard(at += interval);
        return (detector, at);
    }
}
