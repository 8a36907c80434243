using Meridian.Federation.Regions;
using Meridian.Grains.Deployments;
using Meridian.Grains.Settings;
using Meridian.Grains.Tests.Fakes;
using Meridian.Inference.Packages;
using Meridian.Messages;
using Meridian.Routing.Versions;
using Meridian.Specs;
using Microsoft.Extensions.DependencyInjection;

namespace Meridian.Grains.Tests.Deployments;

/// <summary>The grains of a region follow the intent while requests run.</summary>
public sealed class CatalogueTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_model_that_is_added_is_served_and_one_that_is_removed_is_unloaded()
    {
        var intent = new TestIntent();
        await using var region = await StartAsync(intent);
        Assert.Equal(RefusalCode.ModelNotFound, (await AskAsync(region)).Refusal?.Code);

        intent.Set("echo", new DeploymentSpec());
        await ServesAsync(region, reply => reply.Result?.Version == "v1");

        intent.Remove("echo");
        await ServesAsync(region, reply => reply.Refusal?.Code == RefusalCode.ModelNotFound);
        await UntilAsync(() => region.Engines.Created.All(static engine => engine.Disposed));
        Assert.Empty(region.Local().Status.Models);

        intent.Set("echo", new DeploymentSpec());
        await ServesAsync(region, reply => reply.Result?.Version == "v1");
    }

    [Fact]
    public async Task A_new_version_takes_over_when_it_is_ready_and_no_request_fails()
    {
        var intent = new TestIntent();
        await using var region = await StartAsync(intent);
        intent.Set("echo", new DeploymentSpec { Version = "v1", Replicas = 2 });
        await ServesAsync(region, reply => reply.Result?.Version == "v1");
        await region.ReadyAsync("echo", 2);
        await using var load = new Load(region);

        intent.Set("echo", new DeploymentSpec { Version = "v2", Replicas = 2 });
        await ServesAsync(region, reply => reply.Result?.Version == "v2");
        await UntilAsync(() => region.Engines.Created.Where(static engine => engine.Package.Manifest.Version == "v1").All(static engine => engine.Disposed));
        await ServesAsync(region, reply => reply.Result?.Version == "v2");

        Assert.Empty(await load.StopAsync());
        var status = Assert.Single(region.Local().Status.Models);
        Assert.Equal(("v2", 2), (status.Version, status.ReadyReplicas));
    }

    [Fact]
    public async Task A_version_that_cannot_load_leaves_the_former_one_serving_and_says_why()
    {
        var intent = new TestIntent();
        await using var region = await StartAsync(intent);
        intent.Set("echo", new DeploymentSpec { Version = "v1" });
        await ServesAsync(region, reply => reply.Result?.Version == "v1");
        region.Engines.Create = static (package, _) => package.Manifest.Version == "v2" ? throw new ModelPackageException("echo", "The weights are gone.") : Task.CompletedTask;
        await using var load = new Load(region);

        intent.Set("echo", new DeploymentSpec { Version = "v2" });
        await region.StatusOfAsync(region.Local(), status => status.Models.Any(static m => m is { Version: "v2", ReadyReplicas: 0, Problem: "The weights are gone." }));

        Assert.Contains(region.Local().Status.Models, static m => m is { Version: "v1", ReadyReplicas: 1 });
        Assert.Equal("v1", (await AskAsync(region)).Result?.Version);
        Assert.Empty(await load.StopAsync());
    }

    [Fact]
    public async Task A_deployment_that_is_lost_during_a_change_of_the_version_finds_the_former_replicas()
    {
        var intent = new TestIntent();
        await using var region = await StartAsync(intent, silos: 2);
        intent.Set("echo", new DeploymentSpec { Version = "v1", Replicas = 2 });
        await ServesAsync(region, reply => reply.Result?.Version == "v1");
        await region.ReadyAsync("echo", 2);
        var loads = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        region.Engines.Create = (package, _) => package.Manifest.Version == "v2" ? loads.Task : Task.CompletedTask;
        intent.Set("echo", new DeploymentSpec { Version = "v2", Replicas = 2 });
        var deployment = region.Deployment("echo");
        await UntilAsync(() => region.Store.Read<DeploymentState>(deployment.GetGrainId())?.NumbersByVersion is { Count: 2 });
        var home = await region.Grains.GetGrain<IManagementGrain>(0).GetActivationAddress(deployment);
        var survivor = region.Cluster.Silos.ToList().FindIndex(silo => !silo.SiloAddress.Equals(home));

        await region.Cluster.KillSiloAsync(region.Cluster.Silos[1 - survivor]);

        // The new activation serves with the former version, of which it has only the record. A replica may have been on the silo that was killed.
        var table = await region.TableAsync("echo", static table => table.Replicas.Any(static replica => replica is { State: ShardState.Ready, Key: var key } && key.Contains("/v1/", StringComparison.Ordinal)));
        Assert.Equal(["v2", "v1"], table.Sets!.Select(static set => set.Version));
        var edge = new RegionEdge(region.Local(0));
        Assert.Equal("v1", (await edge.InferAsync(Request(), CancellationToken.None)).Result?.Version);

        loads.SetResult();
        await ServesAsync(region, reply => reply.Result?.Version == "v2");
        await UntilAsync(() => region.Store.Read<DeploymentState>(deployment.GetGrainId())?.NumbersByVersion is { Count: 1 });
    }

    [Fact]
    public async Task A_model_that_is_removed_and_added_again_has_the_replicas_of_its_new_deployment()
    {
        var intent = new TestIntent();
        await using var region = await StartAsync(intent);
        intent.Set("echo", new DeploymentSpec { Version = "v1" });
        await ServesAsync(region, reply => reply.Result is not null);
        await region.Deployment("echo").Scale(new ScaleChange { Replicas = 3, By = "test", OperationId = "scale-3" });
        await region.ReadyAsync("echo", 3);

        intent.Remove("echo");
        await UntilAsync(() => region.Store.Read<DeploymentState>(region.Deployment("echo").GetGrainId())!.Replicas is null);
        intent.Set("echo", new DeploymentSpec { Version = "v1", Replicas = 2 });

        await region.ReadyAsync("echo", 2);
        await UntilAsync(() => region.Engines.Created.Count(static engine => !engine.Disposed) == 2);
    }

    [Fact]
    public async Task A_replacement_with_other_settings_than_wanted_does_not_take_the_place()
    {
        // Only the silo of the deployment learns of the change. The replicas run on the other silo, as on one whose build reads the settings in another way.
        TestIntent[] intents = [new(), new()];
        await using var region = await RegionCluster.StartAsync(
            static o => o.ShardTimeout = TimeSpan.FromMilliseconds(300),
            2,
            new TestEngines { HasAllVersions = true },
            perSilo: static (silo, o) => o.Devices = silo == 0 ? ["cpu:0"] : ["cpu:0", "cuda:0"],
            services: services => services.AddSingleton<IIntentSource>(provider => intents[provider.GetRequiredService<ILocalSiloDetails>().Name.EndsWith('1') ? 1 : 0]));
        var name = await DeploymentOnFirstSiloAsync(region, intents);
        var before = await region.ReadyAsync(name);

        intents[0].Set(name, new DeploymentSpec { Version = "v1" }, new EngineSettings { Device = "cuda:0", MaxBatch = 7 });

        var table = await region.TableAsync(name, static table => table.Problem?.Contains("other engine settings", StringComparison.Ordinal) == true);
        var replica = Assert.Single(table.Replicas);
        Assert.Equal((before.Replicas[0].Key, ShardState.Ready), (replica.Key, replica.State));

        intents[1].Set(name, new DeploymentSpec { Version = "v1" }, new EngineSettings { Device = "cuda:0", MaxBatch = 7 });
        await region.TableAsync(name, table => table.Problem is null && table.Replicas is [{ State: ShardState.Ready } only] && only.Settings != replica.Settings);
    }

    /// <summary>Adds models whose replicas run on the second silo, until the deployment of one runs on the first.</summary>
    private static async Task<string> DeploymentOnFirstSiloAsync(RegionCluster region, TestIntent[] intents)
    {
        for (var i = 0; ; i++)
        {
            foreach (var intent in intents)
                intent.Set($"echo-{i}", new DeploymentSpec { Version = "v1" }, new EngineSettings { Device = "cuda:0" });
            await region.ReadyAsync($"echo-{i}");
            var home = await region.Grains.GetGrain<IManagementGrain>(0).GetActivationAddress(region.Deployment($"echo-{i}"));
            if (region.Cluster.Silos.Single(silo => silo.SiloAddress.Equals(home)).Name.EndsWith('0'))
                return $"echo-{i}";
        }
    }

    [Fact]
    public async Task Two_versions_share_the_requests_by_weight_and_a_key_keeps_its_version()
    {
        var intent = new TestIntent();
        await using var region = await StartAsync(intent);
        var deployment = new DeploymentSpec { Weights = [new VersionWeight { Version = "v1", Weight = 70 }, new VersionWeight { Version = "v2", Weight = 30 }] };
        intent.Set("echo", deployment);
        await region.StatusOfAsync(region.Local(), status => status.Models.Count(static m => m.ReadyReplicas == 1) == 2);

        for (var key = 0; key < 200; key++)
        {
            var request = Request() with { VersionKey = $"caller-{key}" };
            var wanted = deployment.Weights[VersionChoice.Choose(deployment.Weights, VersionKey.Of(request), "echo", null)].Version;
            Assert.Equal(wanted, (await region.Endpoint.Infer(request)).Result?.Version);
        }

        Assert.Equal("v2", (await region.Endpoint.Infer(Request() with { Version = "v2" })).Result?.Version);
        Assert.Equal(RefusalCode.NotReady, (await region.Endpoint.Infer(Request() with { Version = "v3" })).Refusal?.Code);
    }

    [Fact]
    public async Task Changed_engine_settings_replace_the_replicas_one_by_one_and_no_request_fails()
    {
        var intent = new TestIntent();
        await using var region = await StartAsync(intent, silos: 2);
        intent.Set("echo", new DeploymentSpec { Replicas = 2 });
        await ServesAsync(region, reply => reply.Result is not null);
        await region.ReadyAsync("echo", 2);
        await using var load = new Load(region);

        intent.Set("echo", new DeploymentSpec { Replicas = 2 }, new EngineSettings { MaxBatch = 7 });
        await UntilAsync(() => region.Engines.Created.Count(static engine => engine is { Disposed: false, Options.MaxBatch: 7 }) == 2
            && region.Engines.Created.Count(static engine => !engine.Disposed) == 2);

        Assert.Empty(await load.StopAsync());
        var table = await region.ReadyAsync("echo", 2);
        Assert.Single(table.Replicas.Select(static replica => replica.Settings).Distinct());
    }

    [Fact]
    public async Task A_limit_holds_from_the_change_on()
    {
        var intent = new TestIntent();
        await using var region = await StartAsync(intent);
        intent.Set("echo", new DeploymentSpec());
        await ServesAsync(region, reply => reply.Result is not null);
        var two = Request() with { Input = new EmbeddingInput { Texts = ["a", "b"] } };
        Assert.NotNull((await region.Endpoint.Infer(two)).Result);

        intent.Set("echo", new DeploymentSpec(), limits: new RequestLimits { MaxItems = 1 });

        var refusal = (await region.Endpoint.Infer(two)).Refusal;
        Assert.Equal((RefusalCode.InvalidInput, "input"), (refusal?.Code, refusal?.Param));
        Assert.NotNull((await AskAsync(region)).Result);
    }

    [Fact]
    public async Task Two_targets_that_are_the_same_package_have_one_set_of_replicas()
    {
        var intent = new TestIntent();
        await using var region = await StartAsync(intent);
        intent.Set("echo", new DeploymentSpec { Replicas = 2, Weights = [new VersionWeight { Version = "v1", Weight = 1 }, new VersionWeight { Version = "v1", Variant = "fp32", Weight = 1 }] });

        var table = await region.ReadyAsync("echo", 2);

        Assert.Equal((2, 2), (table.DesiredReplicas, table.Replicas.Length));
        Assert.Equal(2, Assert.Single(table.Sets!).DesiredReplicas);
        Assert.Single(region.Local().Status.Models);
    }

    [Theory]
    [InlineData(null, "cuda:1")]
    [InlineData("cpu:0", "cpu:0")]
    public void A_region_takes_the_device_from_its_settings_unless_the_log_names_one(string? logged, string expected)
    {
        var intent = new TestIntent();
        intent.Set("echo", new DeploymentSpec(), new EngineSettings { Device = logged });
        var region = new RegionOptions { Name = "westeurope", Models = { new ModelOptions { Name = "echo", Device = "cuda:1" } } };

        Assert.Equal(expected, Catalogue.Of(intent.Current, region).ByName["echo"].Engine.Device);
    }

    [Fact]
    public async Task A_shard_that_no_deployment_asks_unloads_itself()
    {
        await using var region = await RegionCluster.StartAsync(o =>
        {
            o.Models.Add(new() { Name = "echo", Replicas = 0 });
            o.AbandonedAfter = TimeSpan.FromMilliseconds(200);
        });
        var shard = region.Grains.GetGrain<IModelShard>("echo/v1/fp32/7/0");
        await shard.Load();

        await UntilAsync(() => region.Engines.Created.Any(static engine => engine.Disposed));
    }

    private static Task<RegionCluster> StartAsync(TestIntent intent, int silos = 1) => RegionCluster.StartAsync(
        static _ => { }, silos, new TestEngines { HasAllVersions = true }, services: services => services.AddSingleton<IIntentSource>(intent));

    private static InferRequest Request() => new() { RequestId = Guid.NewGuid().ToString(), Model = "echo", RemainingMs = 30_000, Input = new EmbeddingInput { Texts = ["a"] } };

    private static Task<InferReply> AskAsync(RegionCluster region) => region.Endpoint.Infer(Request());

    private static async Task ServesAsync(RegionCluster region, Func<InferReply, bool> wanted)
    {
        using var patience = new CancellationTokenSource(Patience);
        InferReply reply;
        while (!wanted(reply = await region.Local().InferAsync(Request(), patience.Token)))
            Assert.False(patience.IsCancellationRequested, $"Last reply: {reply}\n{region.Log}");
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var patience = new CancellationTokenSource(Patience);
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!condition())
            Assert.True(await tick.WaitForNextTickAsync(patience.Token));
    }

    /// <summary>Sends requests one after another and collects the refusals.</summary>
    private sealed class Load : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly List<Refusal> _refusals = [];
        private readonly Task _loop;

        public Load(RegionCluster region) => _loop = Task.Run(async () =>
        {
            while (!_stop.IsCancellationRequested)
            {
                if ((await region.Local().InferAsync(Request(), CancellationToken.None)).Refusal is { } refusal)
                    _refusals.Add(refusal);
            }
        });

        public async Task<IReadOnlyList<Refusal>> StopAsync()
        {
            await _stop.CancelAsync();
            await _loop;
            return _refusals;
        }

        public async ValueTask DisposeAsync()
        {
            await StopAsync();
            _stop.Dispose();
        }
    }
}
