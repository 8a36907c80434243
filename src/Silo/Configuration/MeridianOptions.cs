using Meridian.Federation.Configuration;
using Meridian.Federation.Residency;
using Meridian.Gateway.Http;

namespace Meridian.Silo.Configuration;

/// <summary>
/// Section <c>Meridian</c>: all settings of a process. The same file serves all processes of an installation; the command line selects the role of a process.
/// </summary>
public sealed class MeridianOptions
{
    /// <summary>Name of the section.</summary>
    public const string Section = "Meridian";

    /// <value>Name of the region that this process belongs to; one of <see cref="Regions"/>. Empty for a front door.</value>
    public string? Region { get; set; }

    /// <value>The data directory, with <c>DATA/REGION/store</c> and <c>DATA/REGION/models</c>. Default <c>.meridian</c> in the current directory.</value>
    public string Data { get; set; } = ".meridian";

    /// <value>First port of the port plan; see <see cref="PortPlan"/>. Default 8080.</value>
    public int PortsFrom { get; set; } = 8080;

    /// <value>All regions of the installation, in the order of the port plan.</value>
    public List<RegionEntry> Regions { get; set; } = [];

    /// <value>Models that the installation serves.</value>
    public List<ModelEntry> Models { get; set; } = [];

    /// <value>
    /// Whether a special token that a caller writes in a chat message is treated as a special token. If so, a message can end its own turn and begin another
    /// one.
    /// Default false: it is plain text.
    /// </value>
    public bool SpecialTokensInMessages { get; set; }

    /// <value>Tenants whose data must stay in certain jurisdictions. Data of a tenant without an entry may go anywhere.</value>
    public List<TenantOptions> Tenants { get; set; } = [];

    /// <value>Rules for where data may go, by the network of the caller.</value>
    public GeofenceOptions Geofence { get; set; } = new();

    /// <value>Where grain state is kept.</value>
    public StoreOptions Store { get; set; } = new();

    /// <value>The membership table with which the silos of a region find each other.</value>
    public ClusteringOptions Clustering { get; set; } = new();

    /// <value>The intent log.</value>
    public IntentOptions Intent { get; set; } = new();

    /// <value>The role of this process in its region.</value>
    public RegionProcessOptions Process { get; set; } = new();

    /// <value>The stand-alone front door.</value>
    public FrontDoorOptions FrontDoor { get; set; } = new();

    /// <value>How this edge chooses the region of a request.</value>
    public RoutingSettings Routing { get; set; } = new();

    /// <value>When this edge stops sending requests to a failing region, and how it resumes.</value>
    public AvailabilitySettings Availability { get; set; } = new();

    /// <value>The shutdown timeout: how long a stopping process may finish its running work, seconds, 1 to 600. Default 10.</value>
    public int ShutdownSeconds { get; set; } = 10;

    /// <value>
    /// How long a stopping region lets streams to other edges run before it ends them with <c>region_lost</c>; part of <see cref="ShutdownSeconds"/>. Seconds,
    /// 0 to <see cref="ShutdownSeconds"/>. Default 3, or all of a shorter shutdown.
    /// </value>
    public int? StreamDrainSeconds { get; set; }

    /// <value>
    /// How long a stopping process still takes requests and announces its shutdown (not ready, draining), so callers and other edges switch to other processes
    /// first; part of <see cref="ShutdownSeconds"/>. Seconds, 0 to <see cref="ShutdownSeconds"/>. Default 1, which is five heartbeats.
    /// </value>
    public int AnnounceSeconds { get; set; } = 1;

    /// <value>How long a request waits for a model that regions are loading and none has ready, seconds, 0 to 600. Default 30; 0 refuses at once.</value>
    public int WaitForModelSeconds { get; set; } = 30;

    /// <value>How long a replica that is being unloaded may finish its requests, seconds, 1 to 3600. Default 30.</value>
    public int DrainSeconds { get; set; } = 30;

    /// <value>Limits of the HTTP facade, for regions and front doors.</value>
    public GatewayOptions Gateway { get; set; } = new();

    /// <value>
    /// Whether requests with a seed, with temperature 0 or with a resumable stream always get exactly the same text, to the last bit, on this process's
    /// engines. Default true.
    /// False: all requests use the fastest computation, and their answers say that they are not exact.
    /// </value>
    public bool Reproducible { get; set; } = true;

    /// <value>The longest pause of such a stream while it is recomputed, after it moved from another place or got its slot back, ms, 0 to 3600000. Default
    /// 2000.</value>
    public int ExactReplayMs { get; set; } = 2000;
}
