using Meridian.Grains.Hosting;
using Meridian.Grains.Settings;
using Meridian.Grains.Tests.Fakes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace Meridian.Grains.Tests.Hosting;

public sealed class RegionOptionsTests
{
    [Fact]
    public void All_mistakes_are_reported_at_once_with_option_value_and_rule()
    {
        var options = new RegionOptions { Name = "west/europe", Jurisdiction = "", LongPoll = TimeSpan.FromSeconds(5), Devices = ["gpu"] };
        options.Models.AddRange(
        [
            new() { Name = "a/b", Replicas = 65, Device = "cuda", MaxBatch = 0 },
            new() { Name = "ok", Version = "v/1" },
            new() { Name = "ok", QueueCapacity = 0, Workers = 0, IntraOpThreads = 0, MaxWaitMs = -1 },
        ]);

        var failures = new RegionOptionsValidator().Validate(null, options).Failures!.ToArray();

        Assert.Equal(14, failures.Length);
        foreach (var part in new[] { "'west/europe'", "jurisdiction", "LongPoll", "'gpu'", "'a/b'", "'65'", "'cuda'", "Models[0].MaxBatch", "'v/1'", "unique", "QueueCapacity", "Workers", "IntraOpThreads", "'-1'" })
            Assert.Contains(failures, f => f.Contains(part, StringComparison.Ordinal));
    }

    [Fact]
    public void Defaults_with_a_name_and_a_jurisdiction_are_valid() =>
        Assert.True(new RegionOptionsValidator().Validate(null, new RegionOptions { Name = "eastus", Jurisdiction = "us", Models = [new() { Name = "minilm" }] }).Succeeded);

    [Fact]
    public void Registering_silo_and_local_region_with_the_same_action_lists_each_model_once()
    {
        var host = Host.CreateApplicationBuilder();
        static void Region(RegionOptions o) => (o.Name, o.Jurisdiction, o.Models) = ("eastus", "us", [.. o.Models, new() { Name = "minilm" }]);
        host.UseOrleans(silo => silo.UseLocalhostClustering().AddMeridianGrains(Region));
        host.Services.AddMeridianLocalRegion(Region);
        using var services = host.Services.BuildServiceProvider();

        Assert.Equal("minilm", Assert.Single(services.GetRequiredService<IOptions<RegionOptions>>().Value.Models).Name);
    }

    [Fact]
    public async Task Messaging_and_failure_detection_are_set_for_inference()
    {
        await using var region = await RegionCluster.StartAsync(o => o.Models.Add(new() { Name = "echo" }));
        var services = region.Silo();

        var messaging = services.GetRequiredService<IOptions<SiloMessagingOptions>>().Value;
        Assert.True(messaging.CancelRequestOnTimeout);
        Assert.Equal(TimeSpan.FromSeconds(30), messaging.ResponseTimeout);
        Assert.False(services.GetRequiredService<IOptions<LoadSheddingOptions>>().Value.LoadSheddingEnabled);
        var membership = services.GetRequiredService<IOptions<ClusterMembershipOptions>>().Value;
        Assert.Equal((TimeSpan.FromSeconds(1), 2), (membership.ProbeTimeout, membership.NumMissedProbesLimit));
    }
}
