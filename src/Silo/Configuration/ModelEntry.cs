using Meridian.Specs;

namespace Meridian.Silo.Configuration;

/// <summary>
/// A model that the installation serves: where it comes from, where it is deployed, how its engines run. The intent log takes the entry over once; after that the log
/// decides, except about <see cref="Source"/>.
/// </summary>
public sealed record ModelEntry : EngineSettings
{
    /// <value>Name that callers use; letters, digits, <c>.</c>, <c>_</c>, <c>-</c>.</value>
    public string Name { get; set; } = "";

    /// <value>
    /// Source of the files: <c>minilm</c> or <c>stories</c> (built in), the directory of a model package, or a Hugging Face folder.
    /// Empty: the region's model store already has the model.
    /// </value>
    public string? Source { get; set; }

    /// <value>The kind of the model: <c>embedding</c> or <c>generation</c>. Default: the kind of the source, or <c>embedding</c> without a source.</value>
    public string Kind { get; set; } = "";

    /// <value>Owner of the model, shown by <c>/v1/models</c>.</value>
    public string OwnedBy { get; set; } = "";

    /// <value>Creation time, unix seconds, shown by <c>/v1/models</c>.</value>
    public long Created { get; set; }

    /// <value>Names of the regions it is deployed to; empty means all.</value>
    public List<string> Regions { get; set; } = [];

    /// <value>Name of the routing policy for its requests, or null for the policy of each edge.</value>
    public string? Routing { get; set; }

    /// <summary>Whether a region serves the model.</summary>
    public bool IsDeployedTo(string region) => Regions.Count == 0 || Regions.Contains(region);

    /// <value>
    /// Hedging: a request without a streamed answer is also sent to a second region if the first has not answered after this time, ms, 0 to 600000. The faster
    /// answer wins.
    /// 0 (the default) means never.
    /// </value>
    public int HedgeAfterMs { get; set; }

    /// <value>The version to serve, or null for the newest installed one.</value>
    public string? Version { get; set; }

    /// <value>The variant to serve, or null for the newest installed one.</value>
    public string? Variant { get; set; }

    /// <value>Replicas in each region until an operator changes the number, 0 to 64. Default 1.</value>
    public int Replicas { get; set; } = 1;

    /// <value>Generation: <see cref="EngineSettings.KvCacheBytes"/> in MiB, 1 to 1048576.</value>
    public int? KvCacheMiB
    {
        get => KvCacheBytes is { } bytes ? (int)(bytes >> 20) : null;
        set => KvCacheBytes = value is { } mebibytes ? (long)mebibytes << 20 : null;
    }

    /// <summary>The order that put the model on the command line, as <c>name=folder</c>; null for a model of the settings.</summary>
    public string? Order { get; set; }
}
