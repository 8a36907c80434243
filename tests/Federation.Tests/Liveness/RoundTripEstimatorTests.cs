using CsCheck;
using Meridian.Federation.Liveness;

namespace Meridian.Federation.Tests.Liveness;

public sealed class RoundTripEstimatorTests
{
    [Fact]
    public void Nothing_is_known_before_the_first_sample() => Assert.Equal(double.NaN, new RoundTripEstimator().Ms);

    [Fact]
    public void Samples_that_a_busy_machine_delayed_do_not_move_it()
    {
        var estimator = new RoundTripEstimator();
        foreach (var sample in new[] { 80.0, 80, 350, 80, 900, 1200, 80 })
            estimator.Add(sample);

        Assert.Equal(80, estimator.Ms, 3);
    }

    [Fact]
    public void A_longer_way_is_learned()
    {
        var estimator = new RoundTripEstimator();
        estimator.Add(10);
        for (var i = 0; i < 60; i++)
            estimator.Add(90);

        Assert.Equal(90, estimator.Ms, 1);
    }

    [Fact]
    public void It_stays_within_the_samples_and_ignores_the_absurd() =>
        Gen.Double.Array[1, 50].Sample(samples =>
        {
            var estimator = new RoundTripEstimator();
            foreach (var sample in samples)
                estimator.Add(sample);
            var sane = samples.Where(s => s >= 0 && double.IsFinite(s)).ToArray();
            return sane.Length == 0 ? double.IsNaN(estimator.Ms) : estimator.Ms >= sane.Min() * 0.999 && estimator.Ms <= sane.Max() * 1.001;
        });
}
