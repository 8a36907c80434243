namespace Meridian.Silo.Configuration;

/// <summary>This process's own part in its region. Several processes of one region differ only here.</summary>
public sealed class RegionProcessOptions
{
    /// <value>Roles of this process. Default: all.</value>
    public RegionRoles Roles { get; set; } = RegionRoles.All;

    /// <value>Address that the facade listens on. Default: the region's <see cref="RegionEntry.Facade"/>.</value>
    public Uri? FacadeUrl { get; set; }

    /// <value>Address that the region protocol listens on. Default: the region's <see cref="RegionEntry.Protocol"/>.</value>
    public Uri? ProtocolUrl { get; set; }

    /// <value>
    /// Whether addresses that others can reach may be listened on, facade, region protocol and front door alike. Unsafe: nobody is asked for keys and nothing is
    /// encrypted, so everyone in the network can read and send everything. For closed networks such as a lab. Default false.
    /// </value>
    public bool AllowPlainNetwork { get; set; }

    /// <value>Address that the process with role <c>control</c> listens on. Default: the region's <see cref="RegionEntry.Control"/>.</value>
    public Uri? ControlUrl { get; set; }

    /// <value>Where the voter listens, <c>host:port</c>. Default: the region's <see cref="RegionEntry.Consensus"/>.</value>
    public string? ConsensusListen { get; set; }

    /// <value>Port that other silos of the region connect to. Default: from the port plan.</value>
    public int? SiloPort { get; set; }

    /// <value>Port that Orleans clients of the region connect to. Default: from the port plan.</value>
    public int? GatewayPort { get; set; }

    /// <value>Port of the embedded store. Default: from the port plan.</value>
    public int? StorePort { get; set; }

    /// <value>Whether the embedded store starts although its files are missing or damaged, with what is left. Default false.</value>
    public bool AcceptStoreLoss { get; set; }

    /// <value>Devices that this process's silo may run sessions on, separated by commas. Default <c>cpu:0</c>.</value>
    public string Devices { get; set; } = "cpu:0";
}
