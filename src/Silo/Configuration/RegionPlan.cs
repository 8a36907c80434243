namespace Meridian.Silo.Configuration;

/// <summary>A region with all addresses: the configured ones, or else those of the port plan.</summary>
public sealed record RegionPlan
{
    public required string Name { get; init; }

    public required string Jurisdiction { get; init; }

    public string? Location { get; init; }

    public string? Country { get; init; }

    public double PricePerHour { get; init; }

    /// <value>Address of the facade for callers.</value>
    public required Uri Facade { get; init; }

    /// <value>Address of the region protocol for other regions.</value>
    public required Uri Protocol { get; init; }

    /// <value>Consensus address of the region's voter, <c>host:port</c>.</value>
    public required string Consensus { get; init; }

    /// <value>Address of the process with role <c>control</c>.</value>
    public required Uri Control { get; init; }

    public required int SiloPort { get; init; }

    public required int GatewayPort { get; init; }

    public required int StorePort { get; init; }

    public required StoreOptions Store { get; init; }

    public required ClusteringOptions Clustering { get; init; }

    /// <value>StackExchange.Redis connection string of the region's store.</value>
    public required string StoreConnection { get; init; }

    /// <value>File with the password of the embedded store; null if the region's store is not embedded.</value>
    public required string? StorePasswordFile { get; init; }

    /// <value>Directory of the embedded store.</value>
    public string StoreDirectory => Path.Combine(Data, "store");

    /// <value>The data directory of the region.</value>
    public required string Data { get; init; }

    /// <summary>Plans all regions, in the configured order.</summary>
    public static IReadOnlyList<RegionPlan> All(MeridianOptions options) =>
        [.. options.Regions.Select((region, index) => Of(options, region, index + 1))];

    /// <summary>Plans the region of this process.</summary>
    /// <param name="options">Checked options that name a region.</param>
    public static RegionPlan Own(MeridianOptions options)
    {
        var index = options.Regions.FindIndex(region => region.Name == options.Region);
        return Of(options, options.Regions[index], index + 1);
    }

    private static RegionPlan Of(MeridianOptions options, RegionEntry region, int position)
    {
        var ports = PortPlan.Region(options.PortsFrom, position);
        var store = region.Store ?? options.Store;
        var own = region.Name == options.Region;
        var data = Path.Combine(Path.GetFullPath(options.Data), region.Name);
        var storePort = own && options.Process.StorePort is { } port ? port : ports.Store;
        return new RegionPlan
        {
            Name = region.Name,
            Jurisdiction = region.Jurisdiction,
            Location = region.Location,
            Country = region.Country?.ToUpperInvariant(),
            PricePerHour = region.PricePerHour,
            Facade = region.Facade ?? Loopback(ports.Facade),
            Protocol = region.Protocol ?? Loopback(ports.Protocol),
            Consensus = string.IsNullOrWhiteSpace(region.Consensus) ? $"127.0.0.1:{ports.Consensus}" : region.Consensus,
            Control = region.Control ?? Loopback(ports.Control),
            SiloPort = own && options.Process.SiloPort is { } siloPort ? siloPort : ports.Silo,
            GatewayPort = own && options.Process.GatewayPort is { } gatewayPort ? gatewayPort : ports.Gateway,
            StorePort = storePort,
            Store = store,
            Clustering = region.Clustering ?? options.Clustering,
            StoreConnection = string.IsNullOrWhiteSpace(store.ConnectionString) ? $"127.0.0.1:{storePort}" : store.ConnectionString,
            StorePasswordFile = store.Kind != StoreKind.Garnet ? null
                : string.IsNullOrWhiteSpace(store.PasswordFile) ? Path.Combine(data, "store", "password")
                : Path.GetFullPath(store.PasswordFile),
            Data = data,
        };
    }

    public static Uri Loopback(int port) => new($"http://127.0.0.1:{port}");
}

/// <summary>Ports of one region.</summary>
/// <param name="Facade">HTTP/1.1, for callers.</param>
/// <param name="Protocol">HTTP/2: the region protocol.</param>
/// <param name="Silo">Orleans, silo to silo.</param>
/// <param name="Gateway">Orleans, client to silo.</param>
/// <param name="Store">The embedded Redis.</param>
/// <param name="Consensus">The intent log, voter to voter.</param>
/// <param name="Control">HTTP/2: changes of the intent log, and the region's own processes, which follow the log here.</param>
public sealed record RegionPorts(int Facade, int Protocol, int Silo, int Gateway, int Store, int Consensus, int Control);
