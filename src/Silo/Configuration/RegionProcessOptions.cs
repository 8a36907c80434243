namespace Meridian.Silo.Configuration;

/// <summary>The role of this process in its region. Several processes of one region differ only here.</summary>
public sealed class RegionProcessOptions
{
    /// <value>Roles of this process. Default: all.</value>
    public RegionRoles Roles { get; set; } = RegionRoles.All;

    /// <value>Address on which the facade listens. Default: the region's <see cref="RegionEntry.Facade"/>.</value>
    public Uri? FacadeUrl { get; set; }

    /// <value>Address on which the region protocol listens. Default: the region's <see cref="RegionEntry.Protocol"/>.</value>
    public Uri? ProtocolUrl { get; set; }

    /// <value>
    /// Whether the facade, the region protocol and the front door may listen on addresses that other machines can reach. Unsafe: no keys are required and
    /// nothing is
    /// encrypted, so everyone in the network can read and send everything. For closed networks such as a lab. Default false.
    /// </value>
    public bool AllowPlainNetwork { get; set; }

    /// <value>Address on which the process with role <c>control</c> listens. Default: the region's <see cref="RegionEntry.Control"/>.</value>
    public Uri? ControlUrl { get; set; }

    /// <value>Address on which the voter listens, <c>host:port</c>. Default: the region's <see cref="RegionEntry.Consensus"/>.</value>
    public string? ConsensusListen { get; set; }

    /// <value>Port for other silos of the region. Default: from the port plan.</value>
    public int? SiloPort { get; set; }

    /// <value>Port for Orleans clients of the region. Default: from the port plan.</value>
    public int? GatewayPort { get; set; }

    /// <value>Port of the embedded store. Default: from the port plan.</value>
    public int? StorePort { get; set; }

    /// <value>Whether the embedded store starts with the remaining data if its files are missing or damaged. Default false.</value>
    public bool AcceptStoreLoss { get; set; }

    /// <value>Devices for inference sessions of this process's silo, separated by commas. Default <c>cpu:0</c>.</value>
    public string Devices { get; set; } = "cpu:0";
}
