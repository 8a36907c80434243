using CsCheck;
using Meridian.Client.Routing;

namespace Meridian.Client.Tests.Routing;

public class ResidencyRuleTests
{
    private static readonly Gen<string[]?> Restriction = Gen.OneOf(Gen.Const("eu"), Gen.Const("us"), Gen.Const("apac"), Gen.Const("ch")).Array[0, 4].Null();

    [Fact]
    public void Both_restrictions_together_permit_what_each_permits() =>
        Gen.Select(Restriction, Restriction, Gen.OneOf(Gen.Const<string?>("eu"), Gen.Const<string?>("us"), Gen.Const<string?>(""), Gen.Const(() => (string?)null))).Sample((first, second, jurisdiction) =>
            ResidencyRule.Permits(ResidencyRule.Intersect(first, second), jurisdiction)
            == (ResidencyRule.Permits(first, jurisdiction) && ResidencyRule.Permits(second, jurisdiction)));

    [Fact]
    public void A_region_of_unknown_jurisdiction_satisfies_no_restriction()
    {
        Assert.False(ResidencyRule.Permits(["eu"], null));
        Assert.False(ResidencyRule.Permits([], "eu"));
        Assert.True(ResidencyRule.Permits(null, null));
    }
}
