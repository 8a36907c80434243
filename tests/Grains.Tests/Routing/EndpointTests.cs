using Meridian.Federation.Configuration;
using Meridian.Federation.IntentSources;
using Meridian.Grains.Routing;
using Meridian.Grains.Settings;
using Meridian.Grains.Tests.Fakes;
using Meridian.Messages;
using Meridian.Routing.Residency;
using Microsoft.Extensions.Options;

namespace Meridian.Grains.Tests.Routing;

public sealed class EndpointTests
{
    [Fact]
    public async Task Residency_fails_closed_and_is_never_relaxed()
    {
        await using var region = await RegionCluster.StartAsync(o => o.Models.Add(new() { Name = "echo" }));
        await region.ServesAsync("echo");
        var request = RegionCluster.Request("echo");

        Assert.NotNull((await region.Endpoint.Infer(request with { Residency = ["us", "EU"] })).Result);
        foreach (var permitted in new string[][] { ["us"], [], ["EUROPE"] })
        {
            var refusal = (await region.Endpoint.Infer(request with { Residency = permitted })).Refusal!;
            Assert.Equal(RefusalCode.ResidencyUnavailable, refusal.Code);
            Assert.Contains("'eu'", refusal.Message, StringComparison.Ordinal);
        }

        // Before anything else is said about the model.
        Assert.Equal(RefusalCode.ResidencyUnavailable, (await region.Endpoint.Infer(RegionCluster.Request("nosuch") with { Residency = ["us"] })).Refusal!.Code);
    }

    [Fact]
    public async Task Permitted_regions_are_checked_beside_jurisdictions()
    {
        await using var region = await RegionCluster.StartAsync(o => o.Models.Add(new() { Name = "echo" }));
        await region.ServesAsync("echo");
        var request = RegionCluster.Request("echo");

        Assert.NotNull((await region.Endpoint.Infer(request with { Residency = ["eu"], PermittedRegions = ["northeurope", "westeurope"] })).Result);
        foreach (var permitted in new string[][] { ["northeurope"], [], ["WestEurope"] })
            Assert.Equal(RefusalCode.ResidencyUnavailable, (await region.Endpoint.Infer(request with { PermittedRegions = permitted })).Refusal!.Code);
        Assert.Equal(RefusalCode.ResidencyUnavailable, (await region.Endpoint.Infer(request with { Residency = ["us"], PermittedRegions = ["westeurope"] })).Refusal!.Code);
    }

    [Fact]
    public async Task A_region_knows_its_tenants_residency_itself()
    {
        await using var configured = await RegionCluster.StartAsync(o =>
        {
            o.Models.Add(new() { Name = "echo" });
            o.Residency = new() { ["clinic"] = ["us"], ["bank"] = ["EU"] };
        });
        await configured.ServesAsync("echo");
        Assert.Equal(RefusalCode.ResidencyUnavailable, (await configured.Endpoint.Infer(RegionCluster.Request("echo") with { Tenant = "clinic" })).Refusal!.Code);
        Assert.Equal(RefusalCode.ResidencyUnavailable, (await configured.Endpoint.Infer(RegionCluster.Request("echo") with { Tenant = "clinic", Residency = ["eu"] })).Refusal!.Code);
        Assert.NotNull((await configured.Endpoint.Infer(RegionCluster.Request("echo") with { Tenant = "bank" })).Result);
    }

    [Fact]
    public void An_intent_goes_before_the_settings()
    {
        var region = Options.Create(new RegionOptions { Name = "westeurope", Jurisdiction = "eu", Residency = new() { ["bank"] = ["us"] } });
        var federation = new FederationOptions { Tenants = [new TenantOptions { Name = "clinic", Residency = ["us"] }] };
        var admission = new RegionAdmission(region, new TenantResidency(), new ConfiguredIntent(Options.Create(federation)));

        Assert.Equal(RefusalCode.ResidencyUnavailable, admission.Check(RegionCluster.Request("echo") with { Tenant = "clinic" })!.Code);
        Assert.Null(admission.Check(RegionCluster.Request("echo") with { Tenant = "bank" }));
        Assert.Null(admission.Check(RegionCluster.Request("echo")));
    }

    [Fact]
    public async Task A_request_that_hopped_once_is_served_and_twice_is_not()
    {
        await using var region = await RegionCluster.StartAsync(o => o.Models.Add(new() { Name = "echo" }));
        await region.ServesAsync("echo");

        Assert.NotNull((await region.Endpoint.Infer(RegionCluster.Request("echo") with { Hops = 1 })).Result);
        Assert.Equal(RefusalCode.Internal, (await region.Endpoint.Infer(RegionCluster.Request("echo") with { Hops = 2 })).Refusal!.Code);
    }

    [Fact]
    public async Task An_unknown_model_is_refused_naming_those_that_exist()
    {
        await using var region = await RegionCluster.StartAsync(o => o.Models.AddRange([new() { Name = "echo" }, new() { Name = "minilm" }]));

        var refusal = (await region.Endpoint.Infer(RegionCluster.Request("gpt"))).Refusal!;

        Assert.Equal((RefusalCode.ModelNotFound, "model"), (refusal.Code, refusal.Param));
        Assert.Contains("echo, minilm", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pinned_version_that_is_not_here_is_not_replaced_by_another()
    {
        await using var region = await RegionCluster.StartAsync(o => o.Models.Add(new() { Name = "echo" }));
        await region.ServesAsync("echo");

        Assert.NotNull((await region.Endpoint.Infer(RegionCluster.Request("echo") with { Version = "v1", Variant = "fp32" })).Result);
        Assert.Equal(RefusalCode.NotReady, (await region.Endpoint.Infer(RegionCluster.Request("echo") with { Version = "v2" })).Refusal!.Code);
    }

    [Fact]
    public async Task Status_has_every_model_also_while_it_loads()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var engines = new TestEngines { Create = (_, token) => gate.Task.WaitAsync(token) };
        await using var region = await RegionCluster.StartAsync(o => o.Models.Add(new() { Name = "echo", Replicas = 2 }), engines: engines);

        await region.TableAsync("echo", t => t.Replicas.All(r => r.State == ShardState.Loading) && t.Replicas.Length == 2);
        var loading = (await region.StatusAsync(region.Local(), "echo", s => s.Version == "v1")).Models.Single();
        Assert.Equal((2, 0, null), (loading.DesiredReplicas, loading.ReadyReplicas, loading.Problem));
        Assert.Equal(RefusalCode.NotReady, (await region.Endpoint.Infer(RegionCluster.Request("echo"))).Refusal!.Code);

        gate.SetResult();
        await region.ServesAsync("echo", 2);
        var status = await region.Endpoint.Status();
        Assert.Equal("westeurope", status.Region);
        Assert.Equal(region.Local().Status.Incarnation, status.Incarnation);
        Assert.Equal((2, 8192, 1.5f), (status.Models[0].ReadyReplicas, status.Models[0].QueueCapacity, status.Models[0].ServiceMs));
    }

    [Fact]
    public async Task Calls_that_wait_do_not_queue_behind_each_other()
    {
        // A non-reentrant stateless worker computes as many as there are processors at a time.
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var entered = 0;
        var engines = new TestEngines
        {
            Embed = async (_, work, token) =>
            {
                if (Interlocked.Increment(ref entered) == 64) all.SetResult();
                await all.Task.WaitAsync(TimeSpan.FromSeconds(20), token);
                return TestEngine.Done(work);
            },
        };
        await using var region = await RegionCluster.StartAsync(o => o.Models.Add(new() { Name = "echo" }), engines: engines);
        await region.ServesAsync("echo");

        var replies = await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => region.Local().InferAsync(RegionCluster.Request("echo"), CancellationToken.None)));

        Assert.All(replies, r => Assert.NotNull(r.Result));
    }
}
