using Meridian.Federation.Configuration;
using Meridian.Federation.IntentSources;
using Meridian.Intents.Supervision;
using Meridian.Routing.Snapshots;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Meridian.Federation.Tests.Directory;

public sealed class WatchedIntentTests
{
    private static readonly Uri From = new("http://127.0.0.1:1");

    [Fact]
    public void A_front_door_knows_its_regions_by_address_until_it_is_told()
    {
        using var intent = Watched(new RegionMemberOptions { Protocol = "http://10.0.0.1:8190" });

        Assert.Equal(0, intent.Current.Epoch);
        Assert.Equal("10.0.0.1:8190", intent.Current.Regions.Single().Name);
        Assert.Equal("", intent.Current.Regions.Single().Jurisdiction);
    }

    [Fact]
    public async Task A_newer_intent_replaces_the_whole_and_wakes_who_waits()
    {
        using var intent = Watched(new RegionMemberOptions { Protocol = "http://10.0.0.1:8190" });
        var waiting = intent.WaitForChangeAsync(0, CancellationToken.None);
        Assert.False(waiting.IsCompleted);

        Assert.True(intent.Offer(Sample.Intent(("westeurope", "eu")), From));

        Assert.Equal(1, (await waiting).Epoch);
        Assert.Equal(["westeurope"], intent.Current.Regions.Select(r => r.Name));
    }

    [Fact]
    public void An_older_or_equal_or_faulty_intent_changes_nothing()
    {
        using var intent = Watched(new RegionMemberOptions { Protocol = "http://10.0.0.1:8190" });
        var newest = Sample.Intent(("westeurope", "eu")) with { Epoch = 5 };
        intent.Offer(newest, From);

        Assert.False(intent.Offer(Sample.Intent(("eastus", "us")) with { Epoch = 4 }, From));
        Assert.False(intent.Offer(newest with { }, From));
        Assert.False(intent.Offer(newest with { Epoch = 6, Regions = null! }, From));

        Assert.Same(newest, intent.Current);
    }

    [Fact]
    public void What_a_process_states_in_full_has_its_configured_epoch()
    {
        var options = new FederationOptions { Region = "westeurope", Epoch = 3 };
        options.Regions.Add(new RegionMemberOptions { Name = "westeurope", Jurisdiction = "eu", Protocol = "http://10.0.0.1:1", Facade = "http://10.0.0.1:2", Location = "Amsterdam" });
        options.Models.Add(new ModelDeclarationOptions { Name = "minilm", OwnedBy = "someone", Created = 7, Regions = ["westeurope"] });

        var intent = new ConfiguredIntent(Options.Create(options)).Current;

        Assert.Equal(3, intent.Epoch);
        Assert.Equal(new RegionMember { Name = "westeurope", Jurisdiction = "eu", Protocol = new Uri("http://10.0.0.1:1"), Facade = new Uri("http://10.0.0.1:2"), Location = "Amsterdam" }, intent.Regions.Single());
        Assert.Equal(("minilm", "embedding", "someone", 7L), (intent.Models[0].Name, intent.Models[0].Kind, intent.Models[0].OwnedBy, intent.Models[0].Created));
        Assert.Equal(["westeurope"], intent.Models[0].Regions);
    }

    private static WatchedIntent Watched(params RegionMemberOptions[] regions)
    {
        var options = Options.Create(new FederationOptions { Regions = [.. regions] });
        var watched = new WatchedIntent(new ConfiguredIntent(options), options, new LoopSupervisor(TimeProvider.System, NullLogger<LoopSupervisor>.Instance), TimeProvider.System, NullLogger<WatchedIntent>.Instance);

        // Not started: it must not open connections in a unit test.
        watched.Dispose();
        return watched;
    }
}
