using System.Diagnostics.CodeAnalysis;

namespace Meridian.Grains.Settings;

/// <summary>The settings of this region: its name, its jurisdiction, its models and the timing of its grains.</summary>
[SuppressMessage("Usage", "CA2227", Justification = "Options are bound from configuration, which sets the lists.")]
[SuppressMessage("Design", "CA1002", Justification = "Options are bound from configuration, which needs lists.")]
public sealed class RegionOptions
{
    /// <value>Unique name, for example <c>westeurope</c>.</value>
    public string Name { get; set; } = "";

    /// <value>The jurisdiction whose law applies to data in this region, for example <c>eu</c>.</value>
    public string Jurisdiction { get; set; } = "";

    /// <value>Models served here.</value>
    public List<ModelOptions> Models { get; set; } = [];

    /// <value>
    /// Permitted jurisdictions of each tenant, for a process without the directory's intent. A tenant that is not listed has no restriction.
    /// </value>
    public Dictionary<string, string[]> Residency { get; set; } = [];

    /// <value>Devices of this silo, for example <c>cpu:0</c> and <c>cuda:0</c>. Empty means <c>cpu:0</c>.</value>
    public List<string> Devices { get; set; } = [];

    /// <value>How often a deployment compares its shards with the wanted state. Default 250 ms.</value>
    public TimeSpan ReconcileInterval { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <value>
    /// How long a call for the replica table waits while nothing changes. Default 200 ms. At most 1 s, because the reported loads get old.
    /// </value>
    public TimeSpan LongPoll { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <value>Time after which a shard that does not answer its deployment counts as unreachable. Default 2 s.</value>
    public TimeSpan ShardTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <value>
    /// How long a deployment's replicas must be ready and unchanged before one of them moves to a silo that joined later. Default 10 s.
    /// </value>
    public TimeSpan RebalanceAfter { get; set; } = TimeSpan.FromSeconds(10);

    /// <value>How long a grain waits for the region's store. Default 2 s.</value>
    public TimeSpan StoreTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <value>Wait before a failed load is retried. It doubles with every further failure in a row. Default 1 s.</value>
    public TimeSpan LoadBackoff { get; set; } = TimeSpan.FromSeconds(1);

    /// <value>Longest wait before a failed load is retried. Default 60 s.</value>
    public TimeSpan MaxLoadBackoff { get; set; } = TimeSpan.FromSeconds(60);

    /// <value>How long an unload waits for the shard's requests to finish. Default 30 s.</value>
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <value>
    /// Minimum time from the begin of a region's drain until the drain may count as empty. Edges keep sending requests until they have heard of the
    /// drain. Five heartbeats. Default 1 s.
    /// </value>
    public TimeSpan DrainSettle { get; set; } = TimeSpan.FromSeconds(1);

    /// <value>Time after which a shard that no deployment has asked unloads itself. Must exceed the time in which a lost silo's deployments come back. Default 60 s.</value>
    public TimeSpan AbandonedAfter { get; set; } = TimeSpan.FromSeconds(60);

    /// <value>Age after which a replica table that cannot be refreshed no longer reports ready replicas to other regions. Default 3 s.</value>
    public TimeSpan StaleAfter { get; set; } = TimeSpan.FromSeconds(3);
}
