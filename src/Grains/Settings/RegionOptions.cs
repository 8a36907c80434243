using System.Diagnostics.CodeAnalysis;

namespace Meridian.Grains.Settings;

/// <summary>This region: its name, the law it is under, the models it serves and the pace of its grains.</summary>
[SuppressMessage("Usage", "CA2227", Justification = "Options are bound from configuration, which sets the lists.")]
[SuppressMessage("Design", "CA1002", Justification = "Options are bound from configuration, which needs lists.")]
public sealed class RegionOptions
{
    /// <value>Unique name, for example <c>westeurope</c>.</value>
    public string Name { get; set; } = "";

    /// <value>Law that data in this region is under, for example <c>eu</c>.</value>
    public string Jurisdiction { get; set; } = "";

    /// <value>Models served here.</value>
    public List<ModelOptions> Models { get; set; } = [];

    /// <value>Whether a special token that a caller writes in a chat message becomes a special token. Default false: it is text.</value>
    public bool SpecialTokensInMessages { get; set; }

    /// <value>Permitted jurisdictions by tenant, for a process without the directory's intent; a tenant that is not named is not restricted.</value>
    public Dictionary<string, string[]> Residency { get; set; } = [];

    /// <value>Devices of this silo, for example <c>cpu:0</c> and <c>cuda:0</c>. Empty means <c>cpu:0</c>.</value>
    public List<string> Devices { get; set; } = [];

    /// <value>How often a deployment compares its shards with what is wanted. Default 250 ms.</value>
    public TimeSpan ReconcileInterval { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <value>How long a question for the replica table is held while nothing changes. Default 200 ms; at most 1 s, since loads age.</value>
    public TimeSpan LongPoll { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <value>When a shard that does not answer its deployment is taken for unreachable. Default 2 s.</value>
    public TimeSpan ShardTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <value>How long a deployment's replicas must have been ready and unchanged before one of them is moved to a silo that joined later. Default 10 s.</value>
    public TimeSpan RebalanceAfter { get; set; } = TimeSpan.FromSeconds(10);

    /// <value>How long a deployment waits for the region's store. Default 2 s.</value>
    public TimeSpan StoreTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <value>Wait before a failed load is tried again; doubles with every failure in a row. Default 1 s.</value>
    public TimeSpan LoadBackoff { get; set; } = TimeSpan.FromSeconds(1);

    /// <value>Longest wait between two tries to load. Default 60 s.</value>
    public TimeSpan MaxLoadBackoff { get; set; } = TimeSpan.FromSeconds(60);

    /// <value>How long a shard that is being unloaded lets its requests finish. Default 30 s.</value>
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <value>
    /// How long after a region's drain began it is not called empty: edges send on until they have heard of it. Five beats. Default 1 s.
    /// </value>
    public TimeSpan DrainSettle { get; set; } = TimeSpan.FromSeconds(1);

    /// <value>Age at which a replica table that cannot be refreshed is no longer reported as ready to other regions. Default 3 s.</value>
    public TimeSpan StaleAfter { get; set; } = TimeSpan.FromSeconds(3);
}
