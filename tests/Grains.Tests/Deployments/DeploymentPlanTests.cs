using CsCheck;
using Meridian.Grains.Deployments;

namespace Meridian.Grains.Tests.Deployments;

public sealed class DeploymentPlanTests
{
    private static readonly Gen<WantedVersion> Wanted = Gen.Select(Gen.Bool, Gen.Int[0, 4], static (opened, ready) => new WantedVersion(opened ? new ObservedVersion(ready) : null));

    private static readonly Gen<ObservedVersion> Former = Gen.Select(Gen.Int[0, 4], Gen.Bool, static (ready, surveyed) => new ObservedVersion(ready, surveyed));

    [Fact]
    public void A_ready_former_version_serves_until_every_wanted_one_is_complete() =>
        Gen.Select(Gen.Int[0, 4], Wanted.Array[1, 4], Former.Array[0, 4]).Sample((desired, wanted, former) =>
        {
            var steps = DeploymentPlan.Decide(desired, wanted, former);

            Assert.Equal(wanted.Length + former.Length, steps.Length);
            var complete = wanted.All(version => version.Observed is { } observed && observed.Ready >= desired);
            for (var i = 0; i < wanted.Length; i++)
                Assert.Equal(wanted[i].Observed is null ? DeploymentStep.Open : DeploymentStep.Scale, steps[i]);
            var some = wanted.Any(static version => version.Observed is { Ready: > 0 });
            for (var i = 0; i < former.Length; i++)
                Assert.Equal((former[i].Ready > 0 || !former[i].Surveyed || !some) && !complete ? DeploymentStep.Keep : DeploymentStep.Retire, steps[wanted.Length + i]);
        });

    [Fact]
    public void Some_version_stays_ready_whatever_comes() =>
        Gen.Select(Gen.Int[1, 4], Wanted.Array[1, 4], Former.Array[1, 4]).Sample((desired, wanted, former) =>
        {
            var steps = DeploymentPlan.Decide(desired, wanted, former);
            var before = former.Sum(static version => version.Ready) + wanted.Sum(static version => version.Observed?.Ready ?? 0);
            var after = wanted.Sum(static version => version.Observed?.Ready ?? 0)
                + former.Where((_, i) => steps[wanted.Length + i] == DeploymentStep.Keep).Sum(static version => version.Ready);

            Assert.True(before == 0 || after > 0);
        });
}
