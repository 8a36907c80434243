using CsCheck;
using Meridian.Federation.Residency;
using Meridian.Routing.Residency;
using Meridian.Routing.Snapshots;
using Microsoft.Extensions.Options;

namespace Meridian.Federation.Tests.Residency;

public sealed class EdgeGateTests
{
    private static readonly (string, string)[] Regions = [("eastus", "us"), ("westeurope", "eu"), ("northeurope", "eu"), ("southeastasia", "apac")];

    [Theory]
    // A front door that declares no law: whoever can be served at all.
    [InlineData(null, null, null, null, true)]
    [InlineData(null, null, "eu", null, true)]
    [InlineData(null, null, "mars", null, false)]
    [InlineData(null, null, "", null, false)]
    // One that declares it.
    [InlineData(null, "eu", null, null, true)]
    [InlineData(null, "EU", "eu,us", null, true)]
    [InlineData(null, "us", "eu", null, false)]
    [InlineData(null, "ch", "eu,ch", null, true)]
    [InlineData(null, "ch", "ch", null, false)]
    [InlineData(null, "eu", null, "westeurope", true)]
    [InlineData(null, "us", null, "westeurope", false)]
    [InlineData(null, "eu", "us", "westeurope", false)]
    // A region's facade.
    [InlineData("westeurope", null, "eu", null, true)]
    [InlineData("eastus", null, "eu", null, false)]
    [InlineData("eastus", null, null, null, true)]
    [InlineData("westeurope", null, "eu", "northeurope", false)]
    [InlineData("nowhere", null, "eu", null, false)]
    public void The_edge_receives_only_what_may_be_there(string? region, string? declared, string? jurisdictions, string? regions, bool receives)
    {
        var snapshot = new TestDirectory(Regions).Current with { OwnRegion = region };
        Assert.Equal(receives, Gate(declared).MayReceive(snapshot, new DataBoundary(Names(jurisdictions), Names(regions))));
    }

    [Fact]
    public void An_edge_of_a_declared_law_takes_nothing_until_it_knows_whose_data_is_bound()
    {
        var unknowing = new TestDirectory(Regions).Current with { Intent = Intent.Empty };
        Assert.False(Gate("eu").MayReceive(unknowing, DataBoundary.None));
        Assert.True(Gate(null).MayReceive(unknowing, DataBoundary.None));
    }

    [Fact]
    public void The_nearest_alive_permitted_facade_is_named()
    {
        var directory = Directory();
        directory.Change("westeurope", v => v with { RoundTripMs = 80 });
        directory.Change("northeurope", v => v with { RoundTripMs = 90 });
        directory.Change("eastus", v => v with { RoundTripMs = 1 });
        Assert.Equal("westeurope", EdgeGate.Nearest(directory.Current, new DataBoundary(["eu"], null))!.Name);

        directory.Change("westeurope", v => v with { Draining = true });
        Assert.Equal("northeurope", EdgeGate.Nearest(directory.Current, new DataBoundary(["eu"], null))!.Name);
        directory.Die("northeurope");
        Assert.Equal("westeurope", EdgeGate.Nearest(directory.Current, new DataBoundary(["eu"], null))!.Name);
        directory.Die("westeurope");
        Assert.Null(EdgeGate.Nearest(directory.Current, new DataBoundary(["eu"], null)));
        Assert.Null(EdgeGate.Nearest(directory.Current with { OwnRegion = "eastus" }, new DataBoundary(["us"], null)));
    }

    [Fact]
    public void Whatever_the_views_no_caller_is_sent_outside_of_the_boundary() =>
        Gen.Select(
            Any("eu", "us", "apac", "ch").Array[0, 3].Null(),
            Any("eastus", "westeurope", "northeurope").Array[0, 2].Null(),
            Gen.Enum<RegionHealth>().Array[4],
            Gen.OneOf(Gen.Const(double.NaN), Gen.Double[0, 500]).Array[4]).Sample((jurisdictions, regions, health, roundTrips) =>
            {
                var directory = Directory();
                for (var i = 0; i < Regions.Length; i++)
                {
                    var (of, far) = (health[i], roundTrips[i]);
                    directory.Change(Regions[i].Item1, v => v with { Health = of, RoundTripMs = far });
                }

                var boundary = new DataBoundary(jurisdictions, regions);
                var named = EdgeGate.Nearest(directory.Current, boundary);
                var alive = directory.Current.Intent.Regions.Where(r => boundary.Permits(r) && directory.Current.Views[r.Name].Health is RegionHealth.Alive or RegionHealth.Suspect).ToArray();
                return named is null ? alive.Length == 0 : alive.Contains(named);
            });

    private static Gen<string> Any(params string[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    private static TestDirectory Directory()
    {
        var directory = new TestDirectory(Regions);
        var intent = directory.Current.Intent;
        directory.Publish(directory.Current with { Intent = intent with { Regions = [.. intent.Regions.Select(r => r with { Facade = new Uri($"http://{r.Name}.example:8080") })] } });
        return directory;
    }

    private static EdgeGate Gate(string? jurisdiction) => new(Options.Create(new ResidencyOptions { Jurisdiction = jurisdiction }));

    private static string[]? Names(string? text) => text?.Split(',', StringSplitOptions.RemoveEmptyEntries);
}
