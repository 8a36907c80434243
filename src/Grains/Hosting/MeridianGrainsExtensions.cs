using Meridian.Federation.Regions;
using Meridian.Grains.Draining;
using Meridian.Grains.Draining.Watch;
using Meridian.Grains.Local;
using Meridian.Grains.Placement;
using Meridian.Grains.Replicas;
using Meridian.Grains.Routing;
using Meridian.Grains.Settings;
using Meridian.Grains.Shards;
using Meridian.Grains.Shards.Activity;
using Meridian.Grains.Shards.Streams;
using Meridian.Grains.Silos;
using Meridian.Grains.Storage;
using Meridian.Intents.Supervision;
using Meridian.Routing.Randomness;
using Meridian.Routing.Residency;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Placement;
using Orleans.Providers;
using Orleans.Runtime.MembershipService.SiloMetadata;
using Orleans.Storage;

namespace Meridian.Grains.Hosting;

/// <summary>Registers the region's grains, and the region as its own processes see it.</summary>
public static class MeridianGrainsExtensions
{
    private const int MissedProbes = 2;
    private static readonly TimeSpan LongestProbe = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Makes this silo a part of the region: grains, device placement, state format, messaging and failure detection. The host must add clustering, a
    /// grain storage named <c>Default</c>, and <c>AddMeridianInference</c>.
    /// </summary>
    /// <param name="configure">Sets name, jurisdiction, models and devices. The lists are empty when it is called. If several actions are
    /// registered, the last one decides.</param>
    public static ISiloBuilder AddMeridianGrains(this ISiloBuilder silo, Action<RegionOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(silo);
        ArgumentNullException.ThrowIfNull(configure);
        var services = silo.Services;
        AddRegion(services, configure);

        // Orleans reads this dictionary when it creates the silo's options. By then, this action has added the devices from the region's options.
        var metadata = new Dictionary<string, string>();
        services.AddOptions<SiloMetadata>().Configure<IOptions<RegionOptions>>((_, region) => metadata[SiloDevices.MetadataKey] = string.Join(',', SiloDevices.OwnOf(region)));
        silo.UseSiloMetadata(metadata);
        AddDirectory(silo);
        services.TryAddSingleton<SiloDevices>();
        services.AddPlacementFilter<DevicePlacementFilterStrategy, DevicePlacementFilterDirector>(ServiceLifetime.Transient);
        silo.AddPlacementDirector<ReplicaPlacementStrategy, ReplicaPlacementDirector>();

        services.TryAddSingleton<LoadedEngines>();
        services.TryAddSingleton<EngineLoader>();
        services.TryAddSingleton<ConversionQueue>();
        services.TryAddSingleton<SiloShutdown>();
        services.AddConcurrentRandom();
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(static s => s.GetRequiredService<SiloLiveness>());
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, ReplicaWatchLifecycle>();
        services.TryAddSingleton<IStoreHealth, UnknownStoreHealth>();
        services.TryAddKeyedSingleton<IGrainStorageSerializer>(
            ProviderConstants.DEFAULT_STORAGE_PROVIDER_NAME,
            static (s, _) => s.GetServices<IGrainStorageSerializerDecorator>()
                .Aggregate((IGrainStorageSerializer)new MessagePackGrainStorageSerializer(), static (inner, decorator) => decorator.Decorate(inner)));

        services.Configure<SiloMessagingOptions>(messaging =>
        {
            // A request that was given up frees its slot.
            messaging.CancelRequestOnTimeout = true;
            messaging.ResponseTimeout = TimeSpan.FromSeconds(30);
        });

        // The engines decide about admission. Inference in this process would exceed a threshold on CPU use.
        services.Configure<LoadSheddingOptions>(shedding => shedding.LoadSheddingEnabled = false);
        services.Configure<ClusterMembershipOptions>(membership =>
        {
            membership.ProbeTimeout = TimeSpan.FromSeconds(1);
            membership.MinProbeTimeout = TimeSpan.FromMilliseconds(500);
            membership.MaxProbeTimeout = LongestProbe;
            membership.NumMissedProbesLimit = MissedProbes;
            membership.TableRefreshTimeout = TimeSpan.FromSeconds(5);
            membership.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(5);
            membership.DeathVoteExpirationTimeout = TimeSpan.FromSeconds(30);
        });
        services.AddOptions<SiloConnectionOptions>().Configure<SiloLiveness>(static (connections, liveness) =>
            connections.ConfigureSiloOutboundConnection(connection => connection.Use(next => context => liveness.WatchConnectionAsync(context, next))));
        return silo;
    }

    /// <summary>
    /// Registers this process's region as <see cref="ILocalRegion"/>. It uses the silo of this process, or an Orleans client of the region.
    /// </summary>
    /// <param name="configure">As for <see cref="AddMeridianGrains"/>. In a silo, give both methods the same action.</param>
    public static IServiceCollection AddMeridianLocalRegion(this IServiceCollection services, Action<RegionOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        AddRegion(services, configure);
        services.TryAddSingleton<RegionConnection>();
        services.AddSingleton<IClusterConnectionStatusObserver>(static s => s.GetRequiredService<RegionConnection>());
        services.TryAddSingleton<ILocalRegion>(static s => new OrleansLocalRegion(
            s.GetRequiredService<IGrainFactory>(),
            s.GetRequiredService<ReplicaWatch>(),
            s.GetRequiredService<Handovers>(),
            s.GetRequiredService<IOptions<RegionOptions>>(),
            s.GetService<ILocalSiloDetails>() is null ? s.GetRequiredService<RegionConnection>() : null,
            s.GetRequiredService<TimeProvider>(),
            s.GetRequiredService<ILogger<OrleansLocalRegion>>()));
        services.AddSingleton<IHostedService>(static s => new ReplicaWatchService(s.GetRequiredService<ReplicaWatch>(), s.GetRequiredService<DrainWatch>(), s.GetService<ILocalSiloDetails>()));
        return services;
    }

    private static void AddRegion(IServiceCollection services, Action<RegionOptions> configure)
    {
        services.AddOptions<RegionOptions>()
            .Configure(options =>
            {
                // A silo with a facade configures its region twice. The second call must not extend the lists of the first.
                options.Models = [];
                options.Devices = [];
                options.Residency = [];
                configure(options);
            })
            .ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<RegionOptions>, RegionOptionsValidator>());
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(static s => ProcessIncarnation.Now(s.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton<RegionModels>();
        services.TryAddSingleton<TenantResidency>();
        services.TryAddSingleton(static s => new RegionAdmission(s.GetRequiredService<IOptions<RegionOptions>>(), s.GetRequiredService<TenantResidency>(), s.GetService<IIntentSource>()));
        services.TryAddSingleton<ReplicaLeases>();
        services.TryAddSingleton<Handovers>();
        services.TryAddSingleton<SiloLiveness>();
        services.TryAddSingleton<SiloShards>();
        services.TryAddSingleton<LoopSupervisor>();
        services.TryAddSingleton<DrainWatch>();
        services.TryAddSingleton<ReplicaWatch>();
    }

    /// <summary>
    /// Adds a grain directory that keeps healthy shards active. Problem: if a silo dies, the default directory deactivates healthy shards on other
    /// silos whose directory entries the dead silo held. The region would then load models again instead of serving. This directory asks the
    /// surviving silos for their activations. Its lease on a dead silo's range must not last longer than the detection of the death; otherwise lost
    /// shards wait for the lease.
    /// </summary>
    private static void AddDirectory(ISiloBuilder silo)
    {
#pragma warning disable ORLEANSEXP003 // Marked experimental by Orleans; tests/Cluster.Tests/Failover/SiloKillTests.cs holds it to its word.
        silo.AddDistributedGrainDirectory();
#pragma warning restore ORLEANSEXP003
        silo.Services.Configure<GrainDirectoryOptions>(static directory => directory.RangeLeaseDuration = LongestProbe * MissedProbes);
    }
}
