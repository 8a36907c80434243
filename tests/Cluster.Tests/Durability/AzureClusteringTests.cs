using Meridian.Cluster.Tests.Harness;

namespace Meridian.Cluster.Tests.Durability;

public sealed class AzureClusteringTests
{
    [Fact]
    public async Task Two_silos_of_a_region_find_each_other_in_Azure_Tables()
    {
        if (!TestTools.TryNode("azurite", out var node, out var reason))
        {
            Assert.Skip(reason);
        }

        using var data = new TemporaryDirectory();
        await using var azurite = await Azurite.StartAsync(node, data.Sub("azurite"));
        await using var installation = new Installation(
            data.Path,
            regions: 1,
            [
                .. Models.MiniLm,
                KeyValuePair.Create("Meridian:Clustering:Kind", "AzureStorage"),
                KeyValuePair.Create("Meridian:Clustering:ConnectionString", azurite.ConnectionString),
            ]);
        installation.StartRegion("eastus");
        await installation.ReadyAsync(installation.Facade("eastus"));
        await installation.Facade("eastus").EmbedAsync("minilm", ["from a region whose members are in Azure Tables"]);

        installation.StartPart("eastus", "second silo", "silo");
        await using var cluster = await RegionCluster.ConnectAsync("eastus", installation.GatewayPort("eastus"));
        await Eventually.HoldsAsync(async _ => await cluster.SilosAsync() == 2, "two silos in the region", TimeSpan.FromSeconds(40), installation.Tails);
        await installation.Facade("eastus").EmbedAsync("minilm", ["and still with two"]);
    }
}
