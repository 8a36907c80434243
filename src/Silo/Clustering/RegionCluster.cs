using System.Net;
using Azure.Data.Tables;
using Meridian.Grains;
using Meridian.Grains.Hosting;
using Meridian.Grains.Storage;
using Meridian.Silo.Configuration;
using Meridian.Silo.Settings;
using Meridian.Silo.Store;
using Meridian.Silo.Store.Health;
using Orleans.Clustering.Redis;
using Orleans.Configuration;
using Orleans.Providers;
using Orleans.Storage;
using StackExchange.Redis;

namespace Meridian.Silo.Clustering;

/// <summary>Sets up a region's Orleans cluster. Each region has its own cluster; a cluster never spans two regions.</summary>
internal static class RegionCluster
{
    /// <summary>Makes this process a silo of its region.</summary>
    public static void AddRegionSilo(this IHostApplicationBuilder builder, MeridianOptions options, RegionPlan region)
    {
        builder.Services.AddSingleton<RegionStore>().AddStoreHealth();
        builder.UseOrleans(silo =>
        {
            silo.Configure<ClusterOptions>(cluster => Name(cluster, region));
            silo.ConfigureEndpoints(IPAddress.Loopback, region.SiloPort, region.GatewayPort, listenOnAnyHostAddress: false);
            silo.Configure<ClusterMembershipOptions>(Membership);
            UseClustering(silo, region);
            silo.AddRedisGrainStorageAsDefault(storage => storage.Configure<RegionStore>((redis, store) =>
            {
                redis.ConfigurationOptions = RegionStore.Options(region);
                redis.CreateMultiplexer = async _ => (await store.ConnectAsync(), IsShared: true);
                redis.GetStorageKey = (type, id) => Key(region, type, id);
            }));
            CheckRecords(silo.Services, region);
            silo.AddMeridianGrains(target => RegionSettings.Fill(target, options, region));
        });
    }

    /// <summary>Makes this process an Orleans client of its region. Used by a facade without a silo.</summary>
    public static void AddRegionClient(this IHostApplicationBuilder builder, RegionPlan region)
    {
        builder.UseOrleansClient(client =>
        {
            client.Configure<ClusterOptions>(cluster => Name(cluster, region));
            client.Configure<ClientMessagingOptions>(messaging => messaging.CancelRequestOnTimeout = true);
            client.Configure<Orleans.Configuration.GatewayOptions>(gateways => gateways.GatewayListRefreshPeriod = TimeSpan.FromSeconds(5));
            client.UseConnectionRetryFilter<WaitForRegion>();
            if (region.Clustering.Kind == ClusteringKind.AzureStorage)
            {
                client.UseAzureStorageClustering(azure => azure.TableServiceClient = new TableServiceClient(region.Clustering.ConnectionString));
            }
            else
            {
                client.UseRedisClustering(redis => redis.ConfigurationOptions = RedisOptions(region));
            }
        });
    }

    private static void UseClustering(ISiloBuilder silo, RegionPlan region)
    {
        if (region.Clustering.Kind == ClusteringKind.AzureStorage)
        {
            silo.UseAzureStorageClustering(azure => azure.TableServiceClient = new TableServiceClient(region.Clustering.ConnectionString));
            return;
        }

        silo.UseRedisClustering(_ => { });
        silo.Services.AddOptions<RedisClusteringOptions>().Configure<RegionStore>((redis, store) =>
        {
            redis.ConfigurationOptions = RedisOptions(region);
            if (UsesStore(region))
            {
                redis.CreateMultiplexer = async _ => (await store.ConnectAsync(), IsShared: true);
            }
        });
    }

    private static bool UsesStore(RegionPlan region) =>
        string.IsNullOrWhiteSpace(region.Clustering.ConnectionString) || region.Clustering.ConnectionString == region.StoreConnection;

    private static ConfigurationOptions RedisOptions(RegionPlan region) =>
        UsesStore(region) ? RegionStore.Options(region) : RedisConnection.Options(region.Clustering.ConnectionString!);

    // The key contains the region, so several regions can share one Redis during development.
    private static string Key(RegionPlan region, string type, GrainId id) => $"{RegionClusterId.Service}/{region.Name}/state/{id}/{type}";

    /// <summary>Wraps the storage that was registered last in <see cref="CheckedGrainStorage"/>.</summary>
    private static void CheckRecords(IServiceCollection services, RegionPlan region)
    {
        const string Name = ProviderConstants.DEFAULT_STORAGE_PROVIDER_NAME;
        var redis = services.Last(service => service.ServiceType == typeof(IGrainStorage) && Equals(service.ServiceKey, Name));
        services.Remove(redis);
        services.AddKeyedSingleton<IGrainStorage>(Name, (s, key) => new CheckedGrainStorage(
            (IGrainStorage)redis.KeyedImplementationFactory!(s, key),
            s.GetRequiredKeyedService<IGrainStorageSerializer>(Name),
            async () => (await s.GetRequiredService<RegionStore>().ConnectAsync()).GetDatabase(),
            (type, id) => Key(region, type, id),
            s.GetRequiredService<IStoreHealth>(),
            s.GetRequiredService<StoreHealth>().Losses,
            s.GetRequiredService<ILogger<CheckedGrainStorage>>()));
    }

    private static void Name(ClusterOptions cluster, RegionPlan region)
    {
        cluster.ServiceId = RegionClusterId.Service;
        cluster.ClusterId = RegionClusterId.Of(region.Name);
    }

    // Each restart of a silo leaves an entry in the membership table. A region that restarts often must not keep these entries for a week.
    // How silos probe each other is set by the grains.
    private static void Membership(ClusterMembershipOptions membership)
    {
        membership.DefunctSiloExpiration = TimeSpan.FromHours(1);
        membership.DefunctSiloCleanupPeriod = TimeSpan.FromMinutes(10);
    }
}
