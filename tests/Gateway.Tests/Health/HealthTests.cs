using System.Net;
using Meridian.Federation.Directory;
using Meridian.Gateway.Tests.Hosting;

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
            DirectoryDouble.Region("westeurope", RegionHealth.Suspect, DirectoryDouble.Model("broken", 0), DirectoryDouble.Model("minilm", 1)));
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
    public async Task Without_members_it_says_so()
    {
        await using var host = await GatewayHost.StartAsync();
        host.Directory.Current = DirectoryDouble.Snapshot();
        using var response = await host.Client.GetAsync(new Uri("/readyz", UriKind.Relative));
        var error = await response.ErrorAsync(503, "not_ready");
        Assert.Contains("no region is a member", (string)error["message"]!, StringComparison.Ordinal);
    }
}
