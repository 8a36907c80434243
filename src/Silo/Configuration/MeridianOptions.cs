using Meridian.Federation.Configuration;
using Meridian.Federation.Residency;
using Meridian.Gateway.Http;

namespace Meridian.Silo.Configuration;

/// <summary>Section <c>Meridian</c>: everything a process is told. The same file serves all processes of an installation; the command line says which part a process plays.</summary>
public sealed class MeridianOptions
{
    /// <summary>Name of the section.</summary>
    public const string Section = "Meridian";

    /// <value>Name of the region that this process belongs to; one of <see cref="Regions"/>. Empty for a front door.</value>
    public string? Region { get; set; }

    /// <value>Directory of everything that is kept: <c>DATA/REGION/store</c>, <c>DATA/REGION/models</c>. Default <c>.meridian</c> in the current directory.</value>
    public string Data { get; set; } = ".meridian";

    /// <value>First port of the port plan; see <see cref="PortPlan"/>. Default 8080.</value>
    public int PortsFrom { get; set; } = 8080;

    /// <value>All regions of the installation, in the order of the port plan.</value>
    public List<RegionEntry> Regions { get; set; } = [];

    /// <value>Models that the installation serves.</value>
    public List<ModelEntry> Models { get; set; } = [];

    /// <value>
    /// Whether a special token that a caller writes in a chat message becomes a special token, so that the message may end its turn and begin another one. Default false:
    /// it is text.
    /// </value>
    public bool SpecialTokensInMessages { get; set; }

    /// <value>Tenants whose data is bound; one that is not named may go anywhere.</value>
    public List<TenantOptions> Tenants { get; set; } = [];

    /// <value>Where data may go by the caller's network.</value>
    public GeofenceOptions Geofence { get; set; } = new();

    /// <value>Where grain state is kept.</value>
    public StoreOptions Store { get; set; } = new();

    /// <value>Where the silos of a region find each other.</value>
    public ClusteringOptions Clustering { get; set; } = new();

    /// <value>The replicated log of what the operators want.</value>
    public IntentOptions Intent { get; set; } = new();

    /// <value>This process's own part in its region.</value>
    public RegionProcessOptions Process { get; set; } = new();

    /// <value>The stand-alone front door.</value>
    public FrontDoorOptions FrontDoor { get; set; } = new();

    /// <value>How this edge chooses the region of a request.</value>
    public RoutingSettings Routing { get; set; } = new();

    /// <value>When this edge stops sending requests to a region that fails them, and how it begins again.</value>
    public AvailabilitySettings Availability { get; set; } = new();

    /// <value>How long a stopping process may finish what it has begun, seconds, 1 to 600. Default 10.</value>
    public int ShutdownSeconds { get; set; } = 10;

    /// <value>
    /// How much of <see cref="ShutdownSeconds"/> a region that stops gives streams to other edges before it ends them with <c>region_lost</c>, seconds,
    /// 0 to <see cref="ShutdownSeconds"/>. Default 3, or all of a shorter stop.
    /// </value>
    public int? StreamDrainSeconds { get; set; }

    /// <value>
    /// How much of <see cref="ShutdownSeconds"/> a stopping process goes on taking requests and says that it stops (not ready, draining), so that callers and other edges go elsewhere first,
    /// seconds, 0 to <see cref="ShutdownSeconds"/>. Default 1, five beats.
    /// </value>
    public int AnnounceSeconds { get; set; } = 1;

    /// <value>How long a replica that is being unloaded lets its requests finish, seconds, 1 to 3600. Default 30.</value>
    public int DrainSeconds { get; set; } = 30;

    /// <value>Limits of the HTTP facade, of regions and front doors alike.</value>
    public GatewayOptions Gateway { get; set; } = new();

    /// <value>
    /// Whether requests with a seed, with temperature 0 or with a resumable stream give the same text to the last bit on this process's engines. Default true. False takes the fastest way for all;
    /// their answers then say that they are not exact.
    /// </value>
    public bool Reproducible { get; set; } = true;

    /// <value>Longest time that such a stream stands still while it is computed again, when it comes from elsewhere or gets its place back, ms, 0 to 3600000. Default 2000.</value>
    public int ExactReplayMs { get; set; } = 2000;
}
