using Meridian.Federation.Edge;
using Meridian.Federation.Hosting;
using Meridian.Federation.IntentSources;
using Meridian.Federation.Regions;
using Meridian.Federation.Tests.Protocol;
using Meridian.Routing.Decision;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Meridian.Federation.Tests.Configuration;

public sealed class RegistrationTests
{
    [Fact]
    public async Task A_typo_fails_the_start_with_every_mistake()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddMeridianFederation(o =>
        {
            o.RoutingPolicy = "nearset";
            o.Attempts = 0;
        });
        using var host = builder.Build();

        var failure = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());

        Assert.Equal(3, failure.Failures.Count());
        Assert.Contains("'nearset'", failure.Message);
    }

    [Fact]
    public async Task What_other_parts_ask_for_is_registered()
    {
        await using var eu = await RegionHost.StartAsync(new TestRegion("westeurope"));

        Assert.IsType<ConfiguredIntent>(eu.Services.GetRequiredService<IIntentSource>());
        Assert.Same(eu.Services.GetRequiredService<IDirectoryFeed>(), eu.Services.GetRequiredService<IRegionDirectory>());
        Assert.NotNull(eu.Services.GetRequiredService<IEdge>());
        Assert.NotNull(eu.Services.GetRequiredService<RoutingDirector>());
    }

    [Fact]
    public async Task A_region_with_two_names_does_not_start()
    {
        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => RegionHost.StartAsync(new TestRegion("westeurope"), configure: o =>
        {
            o.Region = "eastus";
            o.Regions[0].Name = "eastus";
        }));

        Assert.Contains("'westeurope'", failure.Message);
        Assert.Contains("'eastus'", failure.Message);
    }
}
