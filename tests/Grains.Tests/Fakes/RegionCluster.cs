using Meridian.Errors;
using Meridian.Federation.Regions;
using Meridian.Grains.Hosting;
using Meridian.Grains.Settings;
using Meridian.Inference.Engines;
using Meridian.Inference.Packages;
using Meridian.Messages;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Storage;
using Orleans.TestingHost;

namespace Meridian.Grains.Tests.Fakes;

/// <summary>A region of one or more silos in this process, with test engines and a store that outlives silos.</summary>
public sealed class RegionCluster : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private RegionCluster(InProcessTestCluster cluster, TestEngines engines, TestStore store, TestLog log) => (Cluster, Engines, Store, Log) = (cluster, engines, store, log);

    public InProcessTestCluster Cluster { get; }

    public TestEngines Engines { get; }

    public TestStore Store { get; }

    public TestLog Log { get; }

    public IGrainFactory Grains => Cluster.Client;

    public static async Task<RegionCluster> StartAsync(
        Action<RegionOptions> configure,
        int silos = 1,
        TestEngines? engines = null,
        TestStore? store = null,
        Action<int, RegionOptions>? perSilo = null,
        Action<IServiceCollection>? services = null)
    {
        engines ??= new TestEngines();
        store ??= new TestStore();
        var log = new TestLog();
        var builder = new InProcessTestClusterBuilder((short)silos);
        builder.Options.ConfigureFileLogging = false;
        builder.ConfigureSilo((silo, orleans) =>
        {
            var number = int.Parse(silo.SiloName.AsSpan(silo.SiloName.LastIndexOf('_') + 1), provider: null);
            void Region(RegionOptions region)
            {
                region.Name = "westeurope";
                region.Jurisdiction = "eu";
                region.ReconcileInterval = TimeSpan.FromMilliseconds(50);
                configure(region);
                perSilo?.Invoke(number, region);
            }

            orleans.Services.AddSingleton<ILoggerProvider>(log);
            orleans.Services.AddSingleton<IEngineFactory>(engines);
            orleans.Services.AddSingleton<IEngineFactory>(engines.Generators);
            orleans.Services.AddSingleton<IModelStore>(engines);
            orleans.Services.AddSingleton<EngineCatalog>();
            orleans.Services.AddKeyedSingleton<IGrainStorage>("Default", store);
            services?.Invoke(orleans.Services);
            orleans.AddMeridianGrains(Region);
            orleans.Services.AddMeridianLocalRegion(Region);
        });
        builder.ConfigureClientHost(client =>
        {
            client.Services.AddSingleton<ILoggerProvider>(log);
            client.Services.AddMeridianLocalRegion(region =>
            {
                region.Name = "westeurope";
                region.Jurisdiction = "eu";
                configure(region);
            });
        });
        var cluster = builder.Build();
        await cluster.DeployAsync();
        return new RegionCluster(cluster, engines, store, log);
    }

    public IModelDeployment Deployment(string model) => Grains.GetGrain<IModelDeployment>(model);

    public IRegionEndpoint Endpoint => Grains.GetGrain<IRegionEndpoint>(0);

    public IServiceProvider Silo(int index = 0) => Cluster.GetSiloServiceProvider(Cluster.Silos[index].SiloAddress);

    public ILocalRegion Local(int index = 0) => Silo(index).GetRequiredService<ILocalRegion>();

    /// <summary>The region as a process sees it that is an Orleans client of it.</summary>
    public ILocalRegion FromClient => Cluster.Client.ServiceProvider.GetRequiredService<ILocalRegion>();

    /// <summary>Follows the deployment's table until it is as wanted; fails with the last table.</summary>
    public async Task<ReplicaTable> TableAsync(string model, Func<ReplicaTable, bool> wanted, long known = 0)
    {
        using var patience = new CancellationTokenSource(Patience);
        ReplicaTable? table = null;
        while (true)
        {
            // A question that was under way to a silo when it was killed is answered by nobody: it is put again.
            using var question = CancellationTokenSource.CreateLinkedTokenSource(patience.Token);
            question.CancelAfter(TimeSpan.FromSeconds(5));
            try
            {
                table = await Deployment(model).Replicas(table?.Revision ?? known, question.Token);
                if (wanted(table)) return table;
            }
            catch (OperationCanceledException) when (patience.IsCancellationRequested)
            {
                Assert.Fail($"The table of {model} did not become as wanted within {Patience}. Last: {Describe(table)}\n{Log}");
            }
            catch (Exception e) when (e is OrleansException or MeridianException or OperationCanceledException && !patience.IsCancellationRequested)
            {
                // The deployment's silo was just killed, or its successor knows nothing yet.
            }
        }
    }

    public Task<ReplicaTable> ReadyAsync(string model, int replicas = 1) =>
        TableAsync(model, t => t.DesiredReplicas == replicas && t.Replicas.Count(r => r.State == ShardState.Ready) == replicas);

    /// <summary>Asks a local region's status, which follows by itself, until it is as wanted.</summary>
    public async Task<RegionStatus> StatusAsync(ILocalRegion region, string model, Func<ModelStatus, bool> wanted)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (true)
        {
            var status = region.Status;
            if (wanted(status.Models.Single(m => m.Model == model))) return status;
            if (patience.IsCancellationRequested) Assert.Fail($"The status of {model} did not become as wanted within {Patience}: {status.Models.Single(m => m.Model == model)}\n{Log}");

            // The deployment's own long poll paces this loop.
            await Deployment(model).Replicas((await Deployment(model).Replicas(0)).Revision);
        }
    }

    /// <summary>Asks a local region's status, which follows by itself, until it is as wanted.</summary>
    public async Task StatusOfAsync(ILocalRegion region, Func<RegionStatus, bool> wanted)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!wanted(region.Status))
        {
            if (patience.IsCancellationRequested) Assert.Fail($"The status did not become as wanted within {Patience}: {region.Status}\n{Log}");

            // Its answer waits for a change or a second, which paces this loop.
            var drains = Grains.GetGrain<Meridian.Grains.Draining.IRegionDrain>(0);
            await drains.Report(null, (await drains.Read()).Revision);
        }
    }

    /// <summary>Waits until this silo serves the model: its own watch has the table.</summary>
    public async Task ServesAsync(string model, int replicas = 1, int silo = 0)
    {
        await ReadyAsync(model, replicas);
        await StatusAsync(Local(silo), model, s => s.ReadyReplicas == replicas);
    }

    public static InferRequest Request(string model, params string[] texts) => new()
    {
        RequestId = Guid.NewGuid().ToString("N"),
        Model = model,
        RemainingMs = 30_000,
        Input = new EmbeddingInput { Texts = texts.Length == 0 ? ["hello"] : texts },
    };

    /// <summary>Asks for text; the deadline is half a minute.</summary>
    public static InferRequest Generation(string model = "story", string prompt = "Once", int choices = 1) => Request(model) with
    {
        Input = new GenerationInput { Prompts = [new PromptInput { Text = prompt }], ChoicesPerPrompt = choices, Sampling = new SamplingInput { Seed = 1 } },
    };

    public static string Describe(ReplicaTable? table) => table is null
        ? "none"
        : $"revision {table.Revision}, desired {table.DesiredReplicas}, problem {table.Problem}, {string.Join("; ", table.Replicas.Select(r => $"{r.Key} {r.State} {r.Silo} {r.Problem}"))}";

    public async ValueTask DisposeAsync() => await Cluster.DisposeAsync();
}
