using System.Globalization;
using Meridian.Federation.Configuration;
using Meridian.Federation.Edge;
using Meridian.Federation.IntentSources;
using Meridian.Gateway.Http;
using Meridian.Grains.Settings;
using Meridian.Inference.Packages;
using Meridian.Routing.Randomness;
using Meridian.Silo.Configuration.Reading;
using Meridian.Silo.Hosting;
using Meridian.Silo.Tests.Processes;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Meridian.Silo.Tests.Hosting;

public sealed class HostServicesTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("meridian-silo-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    // Grains and federation both register it and the first counts, so the edge draws on many threads from what the grains have registered.
    [Fact]
    public async Task A_region_draws_from_one_generator_that_threads_may_share()
    {
        var ports = SiloProcess.FreePorts().ToString(CultureInfo.InvariantCulture);
        using var host = RegionHost.Build(MeridianConfiguration.Load(null, [$"--Meridian:Data={_directory}", $"--Meridian:PortsFrom={ports}", "--Meridian:Region=eastus"], []));
        await using var scope = host.Services.CreateAsyncScope();

        var random = host.Services.GetRequiredService<Random>();

        Assert.IsType<ConcurrentRandom>(random);
        Assert.Same(random, host.Services.GetRequiredService<Random>());
        Assert.Same(random, scope.ServiceProvider.GetRequiredService<Random>());
        Assert.NotNull(host.Services.GetRequiredService<IEdge>());
    }

    [Fact]
    public void Limits_and_times_reach_those_who_keep_them()
    {
        string[] settings =
        [
            "--Meridian:DrainSeconds=7", "--Meridian:StreamDrainSeconds=2", "--Meridian:Gateway:DefaultDeadlineMs=1001", "--Meridian:Gateway:DefaultGenerationDeadlineMs=1002",
            "--Meridian:Gateway:HeartbeatMs=1003", "--Meridian:Gateway:MaxRequestBytes=1100", "--Meridian:Gateway:MaxItems=5",
            "--Meridian:Gateway:ResumeKey=0123456789abcdef0123456789abcdef", "--Meridian:Gateway:MaxResumableStreamsPerTenant=6",
            "--Meridian:Reproducible=false", "--Meridian:ExactReplayMs=1500",
        ];
        using var region = RegionHost.Build(Configuration(["--Meridian:Region=eastus", .. settings]));
        using var door = FrontDoorHost.Build(Configuration(settings));
        using var brief = RegionHost.Build(Configuration(["--Meridian:Region=westeurope", "--Meridian:ShutdownSeconds=1"]));

        foreach (var gateway in new[] { region, door }.Select(host => host.Services.GetRequiredService<IOptions<GatewayOptions>>().Value))
        {
            Assert.Equal(
                (1001, 1002, 1003, 1100, 5, "0123456789abcdef0123456789abcdef", 6),
                (gateway.DefaultDeadlineMs, gateway.DefaultGenerationDeadlineMs, gateway.HeartbeatMs, gateway.MaxRequestBytes, gateway.MaxItems, gateway.ResumeKey, gateway.MaxResumableStreamsPerTenant));
        }

        Assert.All(region.Services.GetRequiredService<IOptions<RegionOptions>>().Value.Models, model => Assert.Equal((false, 1500), (model.Reproducible, model.ExactReplayMs)));
        Assert.All(brief.Services.GetRequiredService<IOptions<RegionOptions>>().Value.Models, model => Assert.Equal((true, 2000), (model.Reproducible, model.ExactReplayMs)));
        Assert.Equal(TimeSpan.FromSeconds(7), region.Services.GetRequiredService<IOptions<RegionOptions>>().Value.DrainTimeout);
        Assert.Equal(TimeSpan.FromSeconds(2), region.Services.GetRequiredService<IOptions<FederationOptions>>().Value.StreamDrain);
        Assert.Equal(TimeSpan.FromSeconds(1), brief.Services.GetRequiredService<IOptions<FederationOptions>>().Value.StreamDrain);
    }

    [Fact]
    public void Routing_reaches_the_edge_and_prices_the_intent()
    {
        using var region = RegionHost.Build(Configuration(
        [
            "--Meridian:Region=eastus", "--Meridian:Routing:Policy=spill-over", "--Meridian:Routing:NearEqualMs=7.5", "--Meridian:Routing:HighWaterMs=201", "--Meridian:Routing:LowWaterMs=41",
            "--Meridian:Routing:LowWaterSeconds=3", "--Meridian:Routing:AffinityExtraMs=101", "--Meridian:Routing:AffinityExtraRequests=9", "--Meridian:Routing:AffinityRatio=2",
            "--Meridian:Routing:FlexPolicy=nearest", "--Meridian:Routing:FlexExtraSeconds=0.5", "--Meridian:Routing:FlexLoad=0.25", "--Meridian:Regions:1:PricePerHour=2.25", "--Meridian:Regions:1:Country=nl",
            "--Meridian:Models:0:Routing=affinity",
        ]));

        var federation = region.Services.GetRequiredService<IOptions<FederationOptions>>();
        Assert.Equal(("spill-over", 7.5), (federation.Value.RoutingPolicy, federation.Value.NearEqualMs));
        var routing = federation.Value.Routing;
        Assert.Equal(
            (201.0, 41.0, TimeSpan.FromSeconds(3), 101.0, 9.0, 2.0, "nearest", TimeSpan.FromSeconds(0.5), 0.25),
            (routing.HighWaterMs, routing.LowWaterMs, routing.LowWaterFor, routing.AffinityExtraMs, routing.AffinityExtraRequests, routing.AffinityRatio, routing.FlexPolicy, routing.FlexExtra, routing.FlexLoad));
        var intent = new ConfiguredIntent(federation).Current;
        Assert.Equal((2.25, "NL"), (intent.Regions[1].PricePerHour, intent.Regions[1].Country));
        Assert.Equal("affinity", intent.Models[0].Routing);
    }

    [Fact]
    public void Breakers_and_slow_start_are_set_as_configured()
    {
        using var region = RegionHost.Build(Configuration(
        [
            "--Meridian:Region=eastus", "--Meridian:Availability:FailureRatio=0.25", "--Meridian:Availability:MinimumThroughput=7", "--Meridian:Availability:SamplingSeconds=11",
            "--Meridian:Availability:BreakSeconds=3", "--Meridian:Availability:MaxBreakSeconds=40", "--Meridian:Availability:Probes=5", "--Meridian:Availability:HalfOpenShare=0.2",
            "--Meridian:Availability:SlowStartSeconds=0", "--Meridian:Availability:SlowStartFloor=0.3", "--Meridian:Availability:SlowStartAggression=2",
        ]));

        var federation = region.Services.GetRequiredService<IOptions<FederationOptions>>().Value;
        var availability = federation.Availability;
        Assert.Equal(
            (0.25, 7, TimeSpan.FromSeconds(11), TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(40), 5),
            (availability.FailureRatio, availability.MinimumThroughput, availability.SamplingWindow, availability.Break, availability.MaxBreak, availability.Probes));
        Assert.Equal((TimeSpan.Zero, 0.3, 2.0, 0.2), (availability.SlowStart, availability.SlowStartFloor, availability.SlowStartAggression, federation.Routing.HalfOpenShare));
    }

    [Fact]
    public async Task No_failure_of_a_models_installation_keeps_a_region_from_starting()
    {
        var hooks = new RegionHostHooks { Services = services => services.AddSingleton<IModelStore, UnsoundStore>() };
        using var host = RegionHost.Build(Configuration(["--Meridian:Region=eastus"]), hooks);
        var installer = Assert.Single(host.Services.GetServices<IHostedService>().OfType<IHostedLifecycleService>(), service => service.GetType().Name == "ModelInstaller");

        await installer.StartingAsync(TestContext.Current.CancellationToken);

        Assert.Equal(2, ((UnsoundStore)host.Services.GetRequiredService<IModelStore>()).Calls);
        using var stopped = new CancellationTokenSource();
        await stopped.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => installer.StartingAsync(stopped.Token));
    }

    private IConfigurationRoot Configuration(string[] overrides) => MeridianConfiguration.Load(
        null, [$"--Meridian:Data={_directory}", string.Create(CultureInfo.InvariantCulture, $"--Meridian:PortsFrom={SiloProcess.FreePorts()}"), .. overrides], []);

    private sealed class UnsoundStore : IModelStore
    {
        public bool Has(string name, string version, string variant) => false;

        public int Calls { get; private set; }

        public ModelPackage Open(string name, string? version = null, string? variant = null) => throw new NotSupportedException();

        public Task<ModelPackage> InstallAsync(IModelSource source, CancellationToken cancellationToken)
        {
            Calls++;
            throw new OverflowException("A number in the tokenizer has more than 64 bits.");
        }
    }
}
