using System.Collections.Concurrent;
using Meridian.Errors;
using Meridian.Grains.Deployments;
using Meridian.Grains.Draining;
using Meridian.Grains.Draining.Watch;
using Meridian.Grains.Settings;
using Meridian.Grains.Shards.Activity;
using Meridian.Grains.Tests.Fakes;
using Meridian.Messages;
using Microsoft.Extensions.DependencyInjection;

namespace Meridian.Grains.Tests.Draining;

public sealed class SiloDrainTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_drained_silo_gives_its_replicas_to_the_others_without_a_failed_request_and_gets_its_share_back()
    {
        await using var region = await StartAsync(replicas: 4, silos: 2);
        await OnBothAsync(region);
        using var done = new CancellationTokenSource();
        var refusals = new ConcurrentQueue<Refusal>();
        var edges = new[] { new RegionEdge(region.Local(0)), new RegionEdge(region.Local(1)) };
        var callers = Enumerable.Range(0, 8).Select(index => Task.Run(async () =>
        {
            while (!done.IsCancellationRequested)
            {
                if ((await edges[index % 2].InferAsync(RegionCluster.Request("echo"), CancellationToken.None)).Refusal is { } refusal) refusals.Enqueue(refusal);
            }
        })).ToArray();

        var leaving = region.Cluster.Silos[0].SiloAddress;
        await region.DrainAsync(Drains.Silo(leaving));
        await region.EmptyAsync(DrainScope.Silo);
        var moved = await region.ReadyAsync("echo", 4);
        Assert.All(moved.Replicas, replica => Assert.NotEqual(leaving, replica.Silo));

        Assert.Empty((await region.Grains.GetGrain<IRegionDrain>(0).End(Drains.Silo(leaving))).Drains);
        await OnBothAsync(region);
        await done.CancelAsync();
        await Task.WhenAll(callers);
        Assert.True(refusals.IsEmpty, $"{refusals.Count} refused: {refusals.FirstOrDefault()}\n{region.Log}");
    }

    [Fact]
    public async Task The_only_replica_serves_until_its_replacement_is_ready()
    {
        var room = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var engines = new TestEngines();
        await using var region = await StartAsync(replicas: 1, silos: 2, engines);
        var first = (await region.ReadyAsync("echo")).Replicas.Single();
        var loading = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        engines.Create = (_, _) =>
        {
            loading.TrySetResult();
            return room.Task;
        };

        await region.DrainAsync(Drains.Silo(first.Silo!));
        await loading.Task.WaitAsync(Patience);
        Assert.Equal(first.Key, (await region.ReadyAsync("echo")).Replicas.Single().Key);
        Assert.Null((await region.Endpoint.Infer(RegionCluster.Request("echo"))).Refusal);

        room.SetResult();
        var table = await region.TableAsync("echo", t => t.Replicas.Single() is { State: ShardState.Ready } replica && !replica.Silo!.Equals(first.Silo));
        Assert.NotEqual(first.Key, table.Replicas.Single().Key);
        await region.EmptyAsync(DrainScope.Silo);
        Assert.Equal(1, engines.Created.Count(engine => !engine.Disposed));
    }

    [Fact]
    public async Task Without_room_for_a_replacement_the_replica_serves_until_the_deadline_and_then_makes_room()
    {
        var engines = new TestEngines();
        engines.Create = (_, _) => engines.Created.Any(engine => !engine.Disposed) ? throw new InsufficientMemoryException("no room") : Task.CompletedTask;
        await using var region = await StartAsync(replicas: 1, silos: 2, engines);
        var first = (await region.ReadyAsync("echo")).Replicas.Single();

        await region.DrainAsync(Drains.Silo(first.Silo!));
        var table = await region.TableAsync("echo", t => t.Problem is not null);
        Assert.Equal((first.Key, ShardState.Ready), (table.Replicas.Single().Key, table.Replicas.Single().State));
        Assert.Contains("no room", table.Problem, StringComparison.Ordinal);

        await region.DrainAsync(Drains.Silo(first.Silo!), deadlineSeconds: 0);
        await region.TableAsync("echo", t => t.Replicas.Single() is { State: ShardState.Ready } replica && !replica.Silo!.Equals(first.Silo));
        await region.EmptyAsync(DrainScope.Silo);
    }

    [Fact]
    public async Task A_silos_streams_are_handed_over_at_the_deadline()
    {
        await using var region = await RegionCluster.StartAsync(o => o.Models.Add(new() { Name = "story" }), silos: 2);
        var first = (await region.ReadyAsync("story")).Replicas.Single();
        await region.ServesAsync("story");
        await using var stream = (await region.FromClient.OpenAsync(RegionCluster.Generation(), CancellationToken.None)).Stream!;
        await stream.ReadAsync(default);

        await region.DrainAsync(Drains.Silo(first.Silo!), deadlineSeconds: 1);
        var end = await Assert.ThrowsAsync<MeridianException>(async () => await stream.ReadAsync(default).AsTask().WaitAsync(Patience));

        // Not the loss of the region, whose other silo goes on with it.
        Assert.Equal(RefusalCode.NotReady, end.Refusal.Code);
        await region.EmptyAsync(DrainScope.Silo);
    }

    [Fact]
    public async Task A_silo_that_leaves_before_it_stops_moves_its_replicas()
    {
        await using var region = await StartAsync(replicas: 2, silos: 2);
        await OnBothAsync(region);
        await region.Silo(1).GetRequiredService<SiloShutdown>().LeaveAsync(TimeSpan.Zero, TimeSpan.FromSeconds(1), Patience, CancellationToken.None).WaitAsync(Patience);
        var leaving = region.Cluster.Silos[1].SiloAddress;
        Assert.All((await region.ReadyAsync("echo", 2)).Replicas, replica => Assert.NotEqual(leaving, replica.Silo));
        Assert.Equal(default, region.Silo(1).GetRequiredService<SiloShards>().Total);

        // With the silo gone there is nothing left to drain.
        await region.Cluster.StopSiloAsync(region.Cluster.Silos[1]);
        await region.DrainsAsync(overview => overview.Drains.Length == 0);
    }

    [Fact]
    public async Task Of_silos_that_stop_together_the_last_drains_the_region()
    {
        await using var region = await StartAsync(replicas: 2, silos: 2);
        await OnBothAsync(region);
        await region.DrainAsync(Drains.Silo(region.Cluster.Silos[0].SiloAddress));

        // It sees the other as active; its order for itself is refused.
        await region.Silo(1).GetRequiredService<SiloShutdown>().LeaveAsync(TimeSpan.Zero, TimeSpan.FromSeconds(1), Patience, CancellationToken.None).WaitAsync(Patience);
        await region.DrainsAsync(static overview => overview.Region is { By: "process" });
        Assert.True(region.Silo(1).GetRequiredService<DrainWatch>().IsRegionDraining);
    }

    [Fact]
    public async Task A_drained_replica_is_replaced_and_its_successor_is_found_again()
    {
        var store = new TestStore();
        string[] after;
        await using (var region = await StartAsync(replicas: 2, silos: 1, store: store))
        {
            await region.ReadyAsync("echo", 2);
            await region.DrainAsync(Drains.Replica("echo", 0));
            await region.EmptyAsync(DrainScope.Replica);
            var table = await region.ReadyAsync("echo", 2);
            after = [.. table.Replicas.Select(replica => replica.Key)];
            Assert.Equal(["echo/v1/fp32/2/0", "echo/v1/fp32/1/0"], after);
            var grain = region.Deployment("echo").GetGrainId();
            await region.TableAsync("echo", _ => store.Read<DeploymentState>(grain)?.Numbers is [2, 1]);

            // The order can be repeated, though its replica is gone. A number that never was is told together with those that there are.
            await region.DrainAsync(Drains.Replica("echo", 0));
            await region.EmptyAsync(DrainScope.Replica);
            Assert.Equal(after, (await region.ReadyAsync("echo", 2)).Replicas.Select(replica => replica.Key));
            var refused = await Assert.ThrowsAsync<MeridianException>(() => region.DrainAsync(Drains.Replica("echo", 7)));
            Assert.Equal("Model 'echo' has no replica number 7 in region 'westeurope'. Its replicas there are number 1, 2: name one of these.", refused.Message);

            // Its number can be drained away again, and a region with fewer replicas loses what is to leave first.
            await region.Deployment("echo").Scale(new ScaleChange { OperationId = "more", Replicas = 3 });
            Assert.Equal([.. after, "echo/v1/fp32/3/0"], (await region.ReadyAsync("echo", 3)).Replicas.Select(replica => replica.Key));
        }

        await using var again = await StartAsync(replicas: 2, silos: 1, store: store);
        Assert.Equal([.. after, "echo/v1/fp32/3/0"], (await again.ReadyAsync("echo", 3)).Replicas.Select(replica => replica.Key));
    }

    [Fact]
    public async Task A_region_that_shrinks_gives_up_the_replica_that_is_to_leave()
    {
        var engines = new TestEngines();
        await using var region = await StartAsync(replicas: 2, silos: 1, engines);
        await region.ReadyAsync("echo", 2);
        engines.Create = static (_, _) => throw new InsufficientMemoryException("no room");
        await region.DrainAsync(Drains.Replica("echo", 0));
        await region.TableAsync("echo", t => t.Problem is not null);

        await region.Deployment("echo").Scale(new ScaleChange { OperationId = "less", Replicas = 1 });
        Assert.Equal("echo/v1/fp32/1/0", (await region.ReadyAsync("echo")).Replicas.Single().Key);
        await region.EmptyAsync(DrainScope.Replica);
    }

    [Fact]
    public async Task Mistakes_are_named_with_their_remedy()
    {
        await using var region = await StartAsync(replicas: 1, silos: 2);
        await region.ReadyAsync("echo");
        var (one, other) = (region.Cluster.Silos[0].SiloAddress, region.Cluster.Silos[1].SiloAddress);

        async Task<string> RefusedAsync(DrainTarget target, RefusalCode code, bool sticky = false)
        {
            var refused = await Assert.ThrowsAsync<MeridianException>(() => region.DrainAsync(target, sticky: sticky));
            Assert.Equal(code, refused.Refusal.Code);
            return refused.Message;
        }

        Assert.Contains(one.Endpoint.ToString(), await RefusedAsync(new DrainTarget { Scope = DrainScope.Silo, Silo = "10.0.0.1:1" }, RefusalCode.InvalidInput), StringComparison.Ordinal);
        Assert.Contains("Its only replica there is number 0: name that one.", await RefusedAsync(Drains.Replica("echo", 7), RefusalCode.InvalidInput), StringComparison.Ordinal);
        Assert.Contains("'gpt'", await RefusedAsync(Drains.Replica("gpt", 0), RefusalCode.ModelNotFound), StringComparison.Ordinal);
        Assert.Contains("sticky", await RefusedAsync(Drains.Silo(one), RefusalCode.InvalidInput, sticky: true), StringComparison.Ordinal);
        await region.DrainAsync(Drains.Silo(one));
        Assert.Contains("Drain the region instead", await RefusedAsync(Drains.Silo(other), RefusalCode.InvalidInput), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_only_silo_with_a_models_device_is_not_drained()
    {
        await using var region = await RegionCluster.StartAsync(
            o => o.Models.Add(new() { Name = "echo", Device = "cuda:0" }), silos: 2, perSilo: (number, o) => o.Devices = number == 0 ? ["cpu:0", "cuda:0"] : ["cpu:0"]);
        var replica = (await region.ReadyAsync("echo")).Replicas.Single();
        var refused = await Assert.ThrowsAsync<MeridianException>(() => region.DrainAsync(Drains.Silo(replica.Silo!)));
        Assert.Contains("cuda:0", refused.Message, StringComparison.Ordinal);
    }

    private static Task<RegionCluster> StartAsync(int replicas, int silos, TestEngines? engines = null, TestStore? store = null) => RegionCluster.StartAsync(
        (RegionOptions options) =>
        {
            options.Models.Add(new() { Name = "echo", Replicas = replicas });
            options.RebalanceAfter = TimeSpan.FromMilliseconds(500);
            options.LoadBackoff = TimeSpan.FromMilliseconds(100);
        },
        silos: silos,
        engines: engines,
        store: store);

    private static Task<ReplicaTable> OnBothAsync(RegionCluster region) => region.TableAsync(
        "echo",
        t => t.Replicas.All(r => r.State == ShardState.Ready) && t.Replicas.Length == t.DesiredReplicas && t.Replicas.Select(r => r.Silo).Distinct().Count() == 2);
}
