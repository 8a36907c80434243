using Meridian.Errors;
using Meridian.Grains.Deployments;
using Meridian.Grains.Tests.Fakes;
using Meridian.Inference.Packages;
using Meridian.Messages;

namespace Meridian.Grains.Tests.Scaling;

public sealed class DeploymentTests
{
    private static ScaleChange To(int replicas, string operation) => new() { OperationId = operation, Replicas = replicas, By = "test", Reason = "because" };

    [Fact]
    public async Task Scaling_is_followed_up_and_down_and_to_none()
    {
        await using var region = await RegionCluster.StartAsync(o => o.Models.Add(new() { Name = "echo" }));
        await region.ServesAsync("echo");
        var deployment = region.Deployment("echo");

        await deployment.Scale(To(3, "up"));
        var table = await region.ReadyAsync("echo", 3);
        Assert.Equal(["echo/v1/fp32/0/0", "echo/v1/fp32/1/0", "echo/v1/fp32/2/0"], table.Replicas.Select(r => r.Key));

        await deployment.Scale(To(1, "down"));
        var after = await region.ReadyAsync("echo");
        Assert.True(after.Revision > table.Revision);
        await region.TableAsync("echo", _ => region.Engines.Created.Count(e => !e.Disposed) == 1);

        await deployment.Scale(To(0, "off"));
        await region.ServesAsync("echo", 0);
        Assert.Equal(RefusalCode.NotReady, (await region.Endpoint.Infer(RegionCluster.Request("echo"))).Refusal!.Code);

        await deployment.Scale(To(2, "on"));
        await region.ServesAsync("echo", 2);
    }

    [Fact]
    public async Task An_acknowledged_change_survives_the_region_and_an_operation_has_one_outcome()
    {
        var store = new TestStore();
        ScaleRecord acknowledged;
        await using (var region = await RegionCluster.StartAsync(o => o.Models.Add(new() { Name = "echo" }), store: store))
        {
            acknowledged = await region.Deployment("echo").Scale(To(2, "op-1"));
            Assert.Equal((1, 2, "test", "because"), (acknowledged.Sequence, acknowledged.Replicas, acknowledged.By, acknowledged.Reason));
            Assert.Equal(acknowledged, await region.Deployment("echo").Scale(To(5, "op-1")));
            Assert.Equal(2, store.Read<DeploymentState>(region.Deployment("echo").GetGrainId())!.Replicas);
        }

        await using (var region = await RegionCluster.StartAsync(o => o.Models.Add(new() { Name = "echo" }), store: store))
        {
            await region.ReadyAsync("echo", 2);
            Assert.Equal(acknowledged, await region.Deployment("echo").Scale(To(9, "op-1")));
            Assert.Equal([acknowledged], await region.Deployment("echo").History());
            Assert.Equal(2, (await region.Deployment("echo").Scale(To(1, "op-2"))).Sequence);
            Assert.Equal(2, store.Writes);
        }
    }

    [Fact]
    public async Task Replicas_outside_the_range_are_refused()
    {
        await using var region = await RegionCluster.StartAsync(o => o.Models.Add(new() { Name = "echo" }));

        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => region.Deployment("echo").Scale(To(-1, "a")));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => region.Deployment("echo").Scale(To(65, "b")));
        Assert.Equal(0, region.Store.Writes);
    }

    [Fact]
    public async Task An_unknown_model_is_named_with_those_that_exist()
    {
        await using var region = await RegionCluster.StartAsync(o => o.Models.AddRange([new() { Name = "echo" }, new() { Name = "minilm" }]));

        foreach (var call in new Func<Task>[] { () => region.Deployment("gpt").Replicas(0), () => region.Deployment("gpt").Scale(To(1, "a")), () => region.Deployment("gpt").History() })
        {
            var exception = await Assert.ThrowsAsync<MeridianException>(call);
            Assert.Equal(RefusalCode.ModelNotFound, exception.Refusal.Code);
            Assert.Contains("'gpt'", exception.Message, StringComparison.Ordinal);
            Assert.Contains("echo, minilm", exception.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_change_that_another_activation_made_first_is_read_and_built_upon()
    {
        await using var region = await RegionCluster.StartAsync(o => o.Models.Add(new() { Name = "echo" }));
        await region.ReadyAsync("echo");
        var intruder = new DeploymentState().With(To(2, "theirs"), DateTimeOffset.UnixEpoch);
        region.Store.Writing = grain =>
        {
            region.Store.Writing = null;
            region.Store.Put(grain, intruder);
        };

        var record = await region.Deployment("echo").Scale(To(3, "ours"));

        Assert.Equal(2, record.Sequence);
        Assert.Equal(["theirs", "ours"], (await region.Deployment("echo").History()).Select(r => r.OperationId));
        await region.ReadyAsync("echo", 3);
    }

    [Fact]
    public async Task A_repeat_whose_first_write_came_from_another_activation_gets_that_outcome()
    {
        await using var region = await RegionCluster.StartAsync(o => o.Models.Add(new() { Name = "echo" }));
        await region.ReadyAsync("echo");
        var theirs = new DeploymentState().With(To(2, "op"), DateTimeOffset.UnixEpoch);
        region.Store.Writing = grain =>
        {
            region.Store.Writing = null;
            region.Store.Put(grain, theirs);
        };

        Assert.Equal(theirs.History[0], await region.Deployment("echo").Scale(To(5, "op")));
        await region.ReadyAsync("echo", 2);
    }

    [Fact]
    public async Task A_store_that_is_down_stops_changes_and_not_service()
    {
        var store = new TestStore();
        var grain = default(GrainId);
        await using (var before = await RegionCluster.StartAsync(o => o.Models.Add(new() { Name = "echo" }), store: store))
        {
            grain = before.Deployment("echo").GetGrainId();
            await before.Deployment("echo").Scale(To(3, "op-1"));
        }

        store.Down = true;
        await using var region = await RegionCluster.StartAsync(o => o.Models.Add(new() { Name = "echo" }), store: store);
        await region.ServesAsync("echo");
        Assert.NotNull((await region.Endpoint.Infer(RegionCluster.Request("echo"))).Result);
        var refused = await Assert.ThrowsAsync<MeridianException>(() => region.Deployment("echo").Scale(To(2, "op-2")));
        Assert.Equal(RefusalCode.NotReady, refused.Refusal.Code);
        Assert.Contains("store", refused.Message, StringComparison.Ordinal);
        Assert.Contains("store", (await region.Deployment("echo").Replicas(0)).Problem, StringComparison.Ordinal);

        store.Down = false;
        await region.ReadyAsync("echo", 3);
        Assert.Equal(2, (await region.Deployment("echo").Scale(To(2, "op-2"))).Sequence);
        Assert.Equal(2, store.Read<DeploymentState>(grain)!.Replicas);
    }

    [Fact]
    public async Task A_write_that_fails_is_not_acknowledged_and_can_be_repeated()
    {
        await using var region = await RegionCluster.StartAsync(o => o.Models.Add(new() { Name = "echo" }));
        await region.ReadyAsync("echo");

        region.Store.Down = true;
        var refused = await Assert.ThrowsAsync<MeridianException>(() => region.Deployment("echo").Scale(To(2, "op")));
        Assert.Contains("op", refused.Message, StringComparison.Ordinal);
        region.Store.Down = false;

        Assert.Equal(1, (await region.Deployment("echo").Scale(To(2, "op"))).Sequence);
        await region.ReadyAsync("echo", 2);
    }

    [Fact]
    public async Task A_model_without_a_package_says_so_and_serves_once_it_is_installed()
    {
        var engines = new TestEngines { Opening = name => throw new ModelPackageException(name, $"Model '{name}' is not installed.") };
        await using var region = await RegionCluster.StartAsync(
            o =>
            {
                o.LoadBackoff = TimeSpan.FromMilliseconds(100);
                o.Models.Add(new() { Name = "echo" });
            },
            engines: engines);

        await region.StatusAsync(region.Local(), "echo", s => s is { ReadyReplicas: 0, DesiredReplicas: 1 } && s.Problem?.Contains("not installed") == true);
        engines.Opening = static _ => { };
        await region.ServesAsync("echo");
    }

    [Fact]
    public void History_keeps_the_newest_changes_and_their_order()
    {
        var state = new DeploymentState();
        for (var i = 1; i <= 300; i++) state = state.With(To(i % 65, $"op-{i}"), DateTimeOffset.UnixEpoch.AddSeconds(i));

        Assert.Equal(300, state.Sequence);
        Assert.Equal(DeploymentState.MaxHistory, state.History.Length);
        Assert.Equal(Enumerable.Range(45, 256).Select(i => (long)i), state.History.Select(r => r.Sequence));
        Assert.Null(state.Find("op-44"));
        Assert.Equal(45, state.Find("op-45")!.Sequence);
    }
}
