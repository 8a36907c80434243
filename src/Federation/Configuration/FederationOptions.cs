using Meridian.Federation.Availability;
using Meridian.Intents.Wire;
using Meridian.Routing;
using Meridian.Routing.Options;

namespace Meridian.Federation.Configuration;

/// <summary>How this process takes part in the federation.</summary>
public sealed class FederationOptions
{
    /// <value>Name of this observer in its peers' eyes and in logs. Default <c>front-door</c>; a region uses its own name.</value>
    public string Edge { get; set; } = "front-door";

    /// <value>The region that this process belongs to, or null for a front door.</value>
    public string? Region { get; set; }

    /// <value>
    /// Address of the region's process that keeps the intent log. Set it if this process belongs to the region but does not keep the log: the intent comes
    /// from there. Null: this process keeps the log, or there is no log.
    /// </value>
    public Uri? Control { get; set; }

    /// <value>Every region of the installation. A front door may give addresses alone: it learns the rest from the regions.</value>
    public List<RegionMemberOptions> Regions { get; set; } = [];

    /// <value>Models that the installation serves. A front door may leave this empty: it learns them from the regions.</value>
    public List<ModelDeclarationOptions> Models { get; set; } = [];

    /// <value>Tenants whose data is bound. A front door may leave this empty: it learns them from the regions.</value>
    public List<TenantOptions> Tenants { get; set; } = [];

    /// <value>Epoch of the intent that this configuration states. Default 1. Of two intents the higher epoch wins.</value>
    public long Epoch { get; set; } = 1;

    /// <value>
    /// Number of attempts that one request may make, including the first. Default 4. A stream that loses its region may make as many again for each loss, if
    /// tokens have come since the last loss.
    /// </value>
    public int Attempts { get; set; } = 4;

    /// <value>
    /// Time without an answer, ms, after which a request is also sent to a second region. Only for requests whose answer is taken as a whole and whose model
    /// has no setting of its own. 0 (the default) for never.
    /// </value>
    public int HedgeAfterMs { get; set; }

    /// <value>Longest time any request may take at this edge; a caller's longer deadline is cut to it. Default 10 minutes.</value>
    public TimeSpan Deadline { get; set; } = TimeSpan.FromMinutes(10);

    /// <value>How long a request waits for a region to come back when every region is lost, and a stream under way for one that can go on with it. Default 2 s; zero refuses at once.</value>
    public TimeSpan WaitForRegion { get; set; } = TimeSpan.FromSeconds(2);

    /// <value>
    /// How long a request waits for a model that regions are loading and none has ready, within its deadline. At most <see cref="MaxWaitingForModels"/> requests wait at once.
    /// Default 30 s; zero refuses at once.
    /// </value>
    public TimeSpan WaitForModel { get; set; } = TimeSpan.FromSeconds(30);

    /// <value>Most requests that may wait for models at once; further requests are refused. Default 1024.</value>
    public int MaxWaitingForModels { get; set; } = 1024;

    /// <value>Name of the routing policy of models that name none: one of <see cref="RoutingPolicyNames.All"/>. Default <c>expected-completion</c>.</value>
    public string RoutingPolicy { get; set; } = RoutingPolicyNames.Default;

    /// <value>Regions whose expected completion differs by no more than this count as equally good, ms. Default 5.</value>
    public double NearEqualMs { get; set; } = 5;

    /// <value>Limits of the routing policies.</value>
    public RoutingOptions Routing { get; set; } = new();

    /// <value>Limits of the connections to other regions.</value>
    public WireOptions Wire { get; set; } = new();

    /// <value>How long a region that stops lets streams to other edges run on before it ends them with <c>region_lost</c>. Default 3 s, well below a host's usual bound of a stop.</value>
    public TimeSpan StreamDrain { get; set; } = TimeSpan.FromSeconds(3);

    public HeartbeatOptions Heartbeat { get; set; } = new();

    public AvailabilityOptions Availability { get; set; } = new();

    /// <value>
    /// Whether this process states its own intent, which must then be complete. A process that only looks for regions needs only their addresses.
    /// </value>
    internal bool StatesIntent => Region is not null || Models.Count > 0;
}
