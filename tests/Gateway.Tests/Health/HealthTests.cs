using System.Net;
using Meridian.Gateway.Http;
using Meridian.Gateway.Tests.Hosting;
using Meridian.Messages;
using Meridian.Routing.Snapshots;

namespace Meridian.Gateway.Tests.Health;

public sealed class HealthTests
{
    [Fact]
    public async Task Healthz_answers_even_where_nothing_is_ready()
    {
        await using var host = await GatewayHost.StartAsync();
        host.Directory.Current = DirectoryDouble.Snapshot();
        using var response = await host.Client.GetAsync(new Uri("/healthz", UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("ok", (string)(await GatewayHost.JsonAsync(response))["status"]!);
        Assert.NotEmpty(response.Header(GatewayHeaders.RequestId));
    }

    [Fact]
    public async Task A_front_door_is_ready_as_soon_as_one_region_is()
    {
        await using var host = await GatewayHost.StartAsync();
        host.Directory.Current = DirectoryDouble.Snapshot(
            DirectoryDouble.Region("eastus", RegionHealth.Unknown),
            DirectoryDouble.Region("westeurope", RegionHealth.Alive, DirectoryDouble.Model("minilm", 0, "model.onnx does not match its hash")),
            DirectoryDouble.Region("southeastasia", RegionHealth.Dead, DirectoryDouble.Model("minilm", 1)));
        using var before = await host.Client.GetAsync(new Uri("/readyz", UriKind.Relative));
        var missing = (await GatewayHost.JsonAsync(before))["missing"]!.AsArray().Select(line => (string)line!);
        await before.ErrorAsync(503, "not_ready");
        Assert.Equal(
            ["region eastus: not heard of yet", "region westeurope: model minilm has 0 of 1 replicas ready: model.onnx does not match its hash", "region southeastasia: lost"],
            missing);

        host.Directory.Current = DirectoryDouble.Snapshot(
            DirectoryDouble.Region("eastus", RegionHealth.Unknown),
            DirectoryDouble.Region("westeurope", RegionHealth.Suspect, DirectoryDouble.Model("broken", 0, "no such file"), DirectoryDouble.Model("minilm", 1)));
        using var after = await host.Client.GetAsync(new Uri("/readyz", UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, after.StatusCode);
        var report = await GatewayHost.JsonAsync(after);
        Assert.Equal("westeurope", (string)Assert.Single(report["regions"]!.AsArray())!);
        Assert.Null(report["error"]);
    }

    [Fact]
    public async Task A_facade_is_ready_when_its_own_region_is_whatever_the_others_are()
    {
        await using var host = await GatewayHost.StartAsync();
        host.Directory.Current = DirectoryDouble.Snapshot(
            DirectoryDouble.Region("eastus", RegionHealth.Alive, DirectoryDouble.Model("minilm", 1)),
            DirectoryDouble.Region("westeurope", RegionHealth.Alive)) with
        { OwnRegion = "westeurope" };
        using var before = await host.Client.GetAsync(new Uri("/readyz", UriKind.Relative));
        await before.ErrorAsync(503, "not_ready");

        host.Directory.Current = DirectoryDouble.Snapshot(
            DirectoryDouble.Region("eastus", RegionHealth.Unknown),
            DirectoryDouble.Region("westeurope", RegionHealth.Alive, DirectoryDouble.Model("minilm", 1))) with
        { OwnRegion = "westeurope" };
        using var after = await host.Client.GetAsync(new Uri("/readyz", UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, after.StatusCode);
    }

    [Fact]
    public async Task Ready_is_reached_when_every_model_has_a_replica_or_a_reason_and_lost_only_without_any()
    {
        await using var host = await GatewayHost.StartAsync();
        async Task<HttpStatusCode> StatusAsync(params ModelStatus[] models)
        {
            host.Directory.Current = DirectoryDouble.Snapshot(DirectoryDouble.Region("eastus", RegionHealth.Alive, models)) with { OwnRegion = "eastus" };
            using var response = await host.Client.GetAsync(new Uri("/readyz", UriKind.Relative));
            return response.StatusCode;
        }

        // One of two models is loaded, the other on its way: a request for it would be refused.
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await StatusAsync(DirectoryDouble.Model("minilm", 1), DirectoryDouble.Model("stories", 0)));

        // A reason is all that can be waited for; but something must be served.
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await StatusAsync(DirectoryDouble.Model("minilm", 0), DirectoryDouble.Model("stories", 0, "no such file")));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await StatusAsync(DirectoryDouble.Model("minilm", 0, "no memory"), DirectoryDouble.Model("stories", 0, "no such file")));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(DirectoryDouble.Model("minilm", 1), DirectoryDouble.Model("stories", 0, "no such file"), DirectoryDouble.Model("spare", 0) with { DesiredReplicas = 0 }));

        // Reached: a model that is moved, scaled or deployed later does not take the edge from its callers.
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(DirectoryDouble.Model("minilm", 0), DirectoryDouble.Model("stories", 1), DirectoryDouble.Model("new", 0)));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await StatusAsync(DirectoryDouble.Model("minilm", 0), DirectoryDouble.Model("stories", 0)));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(DirectoryDouble.Model("minilm", 1), DirectoryDouble.Model("stories", 0)));
    }

    [Fact]
    public async Task A_front_door_waits_for_each_model_in_one_region()
    {
        await using var host = await GatewayHost.StartAsync();
        async Task<HttpStatusCode> StatusAsync(params RegionView[] regions)
        {
            host.Directory.Current = DirectoryDouble.Snapshot(regions);
            using var response = await host.Client.GetAsync(new Uri("/readyz", UriKind.Relative));
            return response.StatusCode;
        }

        Assert.Equal(HttpStatusCode.ServiceUnavailable, await StatusAsync(
            DirectoryDouble.Region("eastus", RegionHealth.Alive, DirectoryDouble.Model("minilm", 1), DirectoryDouble.Model("stories", 0)),
            DirectoryDouble.Region("westeurope", RegionHealth.Unknown)));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(
            DirectoryDouble.Region("eastus", RegionHealth.Alive, DirectoryDouble.Model("minilm", 1), DirectoryDouble.Model("stories", 0)),
            DirectoryDouble.Region("westeurope", RegionHealth.Alive, DirectoryDouble.Model("minilm", 0), DirectoryDouble.Model("stories", 1))));
    }

    [Fact]
    public async Task A_drained_region_is_not_ready_and_says_so_and_a_front_door_has_it_as_a_last_resort()
    {
        await using var host = await GatewayHost.StartAsync();
        var drained = DirectoryDouble.Region("eastus", RegionHealth.Alive, DirectoryDouble.Model("minilm", 1)) with { Draining = true };
        var open = DirectoryDouble.Region("westeurope", RegionHealth.Alive, DirectoryDouble.Model("minilm", 1));
        host.Directory.Current = DirectoryDouble.Snapshot(drained, open) with { OwnRegion = "eastus" };
        using var facade = await host.Client.GetAsync(new Uri("/readyz", UriKind.Relative));
        var error = await facade.ErrorAsync(503, "not_ready");
        Assert.Contains("eastus: drains", (string)error["message"]!, StringComparison.Ordinal);
        var regions = (await GatewayHost.JsonAsync(await host.Client.GetAsync(new Uri("/admin/api/regions", UriKind.Relative))))["regions"]!.AsArray();
        Assert.Equal([true, false], regions.Select(region => (bool)region!["draining"]!));

        host.Directory.Current = DirectoryDouble.Snapshot(drained, open);
        var ready = await GatewayHost.JsonAsync(await host.Client.GetAsync(new Uri("/readyz", UriKind.Relative)));
        Assert.Equal("westeurope", (string)Assert.Single(ready["regions"]!.AsArray())!);
        host.Directory.Current = DirectoryDouble.Snapshot(drained);
        ready = await GatewayHost.JsonAsync(await host.Client.GetAsync(new Uri("/readyz", UriKind.Relative)));
        Assert.Equal("eastus", (string)Assert.Single(ready["regions"]!.AsArray())!);
    }

    [Fact]
    public async Task A_region_that_was_never_heard_of_is_unknown_and_one_that_left_in_order_is_no_death()
    {
        await using var host = await GatewayHost.StartAsync();
        host.Directory.Current = DirectoryDouble.Snapshot(
            DirectoryDouble.Region("eastus", RegionHealth.Dead) with { Incarnation = 0 },
            DirectoryDouble.Region("westeurope", RegionHealth.Dead) with { Draining = true },
            DirectoryDouble.Region("southeastasia", RegionHealth.Dead));
        var regions = (await GatewayHost.JsonAsync(await host.Client.GetAsync(new Uri("/admin/api/regions", UriKind.Relative))))["regions"]!.AsArray();
        Assert.Equal(["unknown", "stopped", "dead"], regions.Select(region => (string)region!["status"]!));
    }

    [Fact]
    public async Task Without_members_it_says_so()
    {
        await using var host = await GatewayHost.StartAsync();
        host.Directory.Current = DirectoryDouble.Snapshot();
        using var response = await host.Client.GetAsync(new Uri("/readyz", UriKind.Relative));
        var error = await response.ErrorAsync(503, "not_ready");
        Assert.Contains("no region is a member", (string)error["message"]!, StringComparison.Ordinal);
    }
}
