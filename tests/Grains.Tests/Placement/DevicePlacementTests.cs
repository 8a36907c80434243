using System.Net;
using CsCheck;
using Meridian.Grains.Placement;
using Meridian.Grains.Tests.Fakes;

namespace Meridian.Grains.Tests.Placement;

public sealed class DevicePlacementTests
{
    private static readonly SiloAddress[] Silos = [.. Enumerable.Range(1, 5).Select(i => SiloAddress.New(IPAddress.Loopback, 1000 + i, i))];

    [Fact]
    public void Only_silos_with_the_device_are_kept_and_unknown_ones_stand_in_where_none_has_it() => Gen.Int[0, 2].Array[5].Sample(kinds =>
    {
        // 0 lacks it, 1 has it, 2 is unknown.
        string[]? Of(SiloAddress silo) => kinds[silo.Generation - 1] switch { 0 => ["cpu:0"], 1 => ["cpu:0", "cuda:0"], _ => null };
        var wanted = kinds.Contains(1) ? 1 : 2;

        Assert.Equal(Silos.Where(s => kinds[s.Generation - 1] == wanted), DeviceMatch.Candidates(Silos, Of, "cuda:0"));
    });

    [Fact]
    public void Replicas_of_a_model_are_spread_evenly_wherever_it_is_decided() => Gen.Select(Gen.Int[1, 5], Gen.String[Gen.Char.AlphaNumeric, 1, 12]).Sample((count, model) =>
    {
        var silos = Silos[..count];
        SiloAddress Choose(SiloAddress[] among, int replica) => ReplicaPlacementDirector.Choose(among, new ShardKey(model, "v1", "fp32", replica, 0));
        var chosen = Enumerable.Range(0, count * 3).Select(i => Choose(silos, i)).ToArray();

        Assert.All(silos, s => Assert.Equal(3, chosen.Count(c => c.Equals(s))));
        Assert.Equal(chosen, Enumerable.Range(0, count * 3).Select(i => Choose([.. silos.Reverse()], i)));
    });

    [Fact]
    public async Task Shards_go_to_the_silo_that_has_their_device()
    {
        await using var region = await RegionCluster.StartAsync(
            o => o.Models.AddRange([new() { Name = "gpu", Device = "cuda:0", Replicas = 4 }, new() { Name = "any", Device = null, Replicas = 1 }]),
            silos: 2,
            perSilo: (silo, o) => o.Devices.AddRange(silo == 1 ? ["cpu:0", "cuda:0"] : ["cpu:0"]));

        var table = await region.ReadyAsync("gpu", 4);

        Assert.All(table.Replicas, r => Assert.Equal((region.Cluster.Silos[1].SiloAddress, "cuda:0"), (r.Silo, r.Device)));
        await region.ReadyAsync("any");
    }

    [Fact]
    public async Task A_device_that_no_silo_has_is_named_and_other_models_are_served()
    {
        await using var region = await RegionCluster.StartAsync(o => o.Models.AddRange([new() { Name = "gpu", Device = "cuda:3" }, new() { Name = "echo" }]));

        await region.ServesAsync("echo");
        var status = await region.StatusAsync(region.Local(), "gpu", s => s.Problem is not null);

        Assert.Equal(0, status.Models[0].ReadyReplicas);
        Assert.Contains("'cuda:3'", status.Models[0].Problem, StringComparison.Ordinal);
        Assert.Contains("Start a silo with it", status.Models[0].Problem, StringComparison.Ordinal);
        Assert.NotNull((await region.Endpoint.Infer(RegionCluster.Request("echo"))).Result);
    }
}
