using Meridian.Federation.Configuration;
using Meridian.Federation.Hosting;
using Meridian.Routing.Options;

namespace Meridian.Federation.Tests.Configuration;

public sealed class FederationOptionsValidatorTests
{
    [Fact]
    public void The_defaults_with_a_region_are_valid() => Assert.Empty(Mistakes(Region()));

    [Fact]
    public void A_front_door_needs_addresses_alone() =>
        Assert.Empty(Mistakes(new FederationOptions { Regions = [new RegionMemberOptions { Protocol = "http://127.0.0.1:8190" }] }));

    [Fact]
    public void Every_mistake_is_reported_at_once_with_option_and_value()
    {
        var options = Region();
        options.Edge = " ";
        options.Region = "nowhere";
        options.Regions.Add(new RegionMemberOptions { Name = "westeurope", Jurisdiction = "", Protocol = "ftp://x", PricePerHour = double.NaN });
        options.Regions.Add(new RegionMemberOptions { Name = "", Jurisdiction = "us", Protocol = "http://127.0.0.1:8190", Facade = "nonsense" });
        options.Models.Add(new ModelDeclarationOptions { Name = "minilm", Kind = "", Regions = ["mars"], Routing = "best" });
        options.Models.Add(new ModelDeclarationOptions { Name = "" });
        options.RoutingPolicy = "expected-completoin";
        options.Attempts = 0;
        options.Epoch = 0;
        options.Deadline = TimeSpan.Zero;
        options.WaitForRegion = TimeSpan.FromSeconds(-1);
        options.NearEqualMs = double.NaN;
        options.Wire.MaxMessageBytes = 1;
        options.Wire.ConnectTimeout = TimeSpan.Zero;
        options.Routing = new RoutingOptions
        {
            HighWaterMs = double.NaN,
            LowWaterMs = -1,
            LowWaterFor = TimeSpan.FromSeconds(-1),
            AffinityExtraMs = -1,
            AffinityExtraRequests = -1,
            AffinityRatio = 0.5,
            FlexPolicy = "cheap",
            FlexExtra = TimeSpan.FromSeconds(-1),
            FlexLoad = 1.1,
            HalfOpenShare = 0,
        };
        options.Heartbeat = new HeartbeatOptions
        {
            Interval = TimeSpan.Zero,
            AcceptablePause = TimeSpan.FromSeconds(-1),
            MinStdDev = TimeSpan.Zero,
            SuspectPhi = double.NaN,
            DeadPhi = 0.5,
            MaxSilence = TimeSpan.FromSeconds(-1),
            MinBackOff = TimeSpan.Zero,
            MaxBackOff = TimeSpan.FromSeconds(-1),
        };

        var mistakes = Mistakes(options);

        foreach (var expected in new[]
        {
            "Edge is empty", "Region is 'nowhere'", "Regions[1].Name is 'westeurope'", "Regions[1].Jurisdiction is empty", "Regions[1].Protocol is 'ftp://x'", "Regions[2].Name is empty",
            "Regions[2].Protocol is 'http://127.0.0.1:8190', which another", "Regions[2].Facade is 'nonsense'", "Models[1].Name is 'minilm', which another", "Models[1].Kind is empty", "Regions[1].PricePerHour is NaN", "Models[1].Routing is 'best'",
            "Models[1].Regions names 'mars'", "Models[2].Name is empty", "RoutingPolicy is 'expected-completoin'; it must be one of 'affinity', 'expected-completion', 'least-load', 'nearest', 'power-of-two', 'price', 'spill-over'",
            "Attempts is 0", "Epoch is 0", "Deadline is 00:00:00", "WaitForRegion is -00:00:01", "NearEqualMs is NaN", "MaxMessageBytes is 1", "ConnectTimeout is 00:00:00",
            "Routing.HighWaterMs is NaN", "Routing.LowWaterMs is -1", "Routing.LowWaterFor", "Routing.AffinityExtraMs", "Routing.AffinityExtraRequests", "Routing.AffinityRatio is 0.5",
            "Routing.FlexPolicy is 'cheap'; it must be one of 'affinity'", "Routing.FlexExtra", "Routing.FlexLoad is 1.1", "Routing.HalfOpenShare is 0",
            "Heartbeat.Interval", "Heartbeat.AcceptablePause", "Heartbeat.MinStdDev", "Heartbeat.SuspectPhi", "Heartbeat.DeadPhi", "Heartbeat.MaxSilence", "Heartbeat.MinBackOff", "Heartbeat.MaxBackOff",
        })
            Assert.Contains(mistakes, m => m.Contains(expected, StringComparison.Ordinal));
        Assert.Equal(40, mistakes.Length);
    }

    private static FederationOptions Region() => new()
    {
        Region = "westeurope",
        Regions = [new RegionMemberOptions { Name = "westeurope", Jurisdiction = "eu", Protocol = "http://127.0.0.1:8190" }],
        Models = [new ModelDeclarationOptions { Name = "minilm" }],
    };

    private static string[] Mistakes(FederationOptions options) => [.. new FederationOptionsValidator().Validate(null, options).Failures ?? []];
}
