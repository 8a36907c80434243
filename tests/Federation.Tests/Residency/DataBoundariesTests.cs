using System.Net;
using CsCheck;
using Meridian.Federation.Residency;
using Meridian.Routing.Residency;
using Meridian.Routing.Snapshots;

namespace Meridian.Federation.Tests.Residency;

public sealed class DataBoundariesTests
{
    private static readonly Intent Intent = Sample.Intent(("eastus", "us"), ("westeurope", "eu")) with
    {
        Tenants = [new TenantDeclaration { Name = "clinic", Residency = ["EU"] }, new TenantDeclaration { Name = "free" }, new TenantDeclaration { Name = "frozen", Residency = [] }],
    };

    private static readonly Gen<DataBoundary> Boundary = Gen.Select(
        Any("eu", "EU", "us", "apac", "").Array[0, 3].Null(), Any("a", "b", "A", "c").Array[0, 3].Null(), (jurisdictions, regions) => new DataBoundary(jurisdictions, regions));

    [Fact]
    public void Together_boundaries_permit_what_each_permits() =>
        Gen.Select(Boundary, Boundary, Any("a", "b", "A", "c"), Any("eu", "Eu", "us", "")).Sample((left, right, region, jurisdiction) =>
            left.And(right).Permits(region, jurisdiction) == (left.Permits(region, jurisdiction) && right.Permits(region, jurisdiction)));

    [Fact]
    public void Tenant_header_and_network_narrow_one_after_the_other()
    {
        var boundaries = Boundaries();

        Assert.True(boundaries.Of(Intent, "default", null, null).IsUnrestricted);
        Assert.True(boundaries.Of(Intent, "free", null, IPAddress.Loopback).IsUnrestricted);
        Assert.Equal(["EU"], boundaries.Of(Intent, "clinic", null, null).Jurisdictions!);
        Assert.Equal(["EU"], boundaries.Of(Intent, "clinic", ["eu", "us"], null).Jurisdictions!);
        Assert.Equal([], boundaries.Of(Intent, "clinic", ["us"], null).Jurisdictions!);
        Assert.Equal([], boundaries.Of(Intent, "frozen", null, null).Jurisdictions!);

        var german = boundaries.Of(Intent, "default", null, IPAddress.Parse("192.0.2.1"));
        Assert.True(german.Permits("westeurope", "eu"));
        Assert.False(german.Permits("northeurope", "eu"));
        Assert.False(german.Permits("eastus", "us"));
    }

    [Fact]
    public void The_parts_say_which_rule_went_by_what()
    {
        var parts = Boundaries().Explain(Intent, "clinic", ["eu"], IPAddress.Parse("192.0.2.1"));

        Assert.Equal(["tenant", "header", "geofence"], parts.Select(p => p.Rule));
        Assert.Contains("'clinic'", parts[0].Why, StringComparison.Ordinal);
        Assert.Equal("192.0.2.1 is in DE", parts[2].Why);
        Assert.Equal(["westeurope"], parts[2].Boundary.Regions!);
    }

    [Fact]
    public void An_intent_without_tenants_restricts_none_and_a_new_one_counts_at_once()
    {
        var tenants = new TenantResidency();
        Assert.Null(tenants.Of(Intent with { Tenants = null! }, "clinic"));
        Assert.Equal(["EU"], tenants.Of(Intent, "clinic")!);
        Assert.Equal(["us"], tenants.Of(Intent with { Epoch = 2, Tenants = [new TenantDeclaration { Name = "clinic", Residency = ["us"] }] }, "clinic")!);
        Assert.Null(tenants.Of(Intent with { Epoch = 3, Tenants = [] }, "clinic"));
    }

    private static Gen<string> Any(params string[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    private static DataBoundaries Boundaries() => new(
        GeofenceReader.Read(
            new GeofenceOptions { Networks = [new() { Cidr = "192.0.2.0/24", Country = "DE" }], Countries = new() { ["DE"] = new() { Jurisdictions = ["eu"], Regions = ["westeurope"] } } }, new List<string>()),
        new TenantResidency());
}
