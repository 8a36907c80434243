namespace Meridian.Silo.Configuration;

/// <summary>A model that the installation serves: where it comes from, where it is deployed, how it runs.</summary>
public sealed class ModelEntry
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

    /// <value><c>cpu:0</c> or <c>cuda:N</c>. Default <c>cpu:0</c>.</value>
    public string Device { get; set; } = "cpu:0";

    /// <value>Threads for one call of the runtime, 1 to 256. Default 1.</value>
    public int IntraOpThreads { get; set; } = 1;

    /// <value>Threads that run batches, 1 to 64. Default 1.</value>
    public int Workers { get; set; } = 1;

    /// <value>Whether idle runtime threads spin. Default false.</value>
    public bool AllowSpinning { get; set; }

    /// <value>Maximum number of items in a batch, 1 to 4096. Default 32.</value>
    public int MaxBatch { get; set; } = 32;

    /// <value>How long an idle engine waits for a batch to fill, ms, 0 to 1000. Default 0.</value>
    public int MaxWaitMs { get; set; }

    /// <value>Maximum number of waiting items, 1 to 1000000. Default 4096: room for the largest request, 2048 items, and for others.</value>
    public int QueueCapacity { get; set; } = 4096;

    /// <value>Generation: maximum number of sequences that run at once, 1 to 4096. Default 64.</value>
    public int MaxSequences { get; set; } = 64;

    /// <value>
    /// Generation: memory of the KV cache, for running and cached sequences, MiB, 1 to 1048576. It also limits the longest sequence.
    /// Default: a share of the device, see <see cref="Meridian.Inference.Engines.EngineOptions.KvCacheBytes"/>.
    /// </value>
    public int? KvCacheMiB { get; set; }

    /// <value>Generation: maximum number of prompt tokens in one step, 1 to 1048576. Default 512.</value>
    public int PrefillChunk { get; set; } = 512;

    /// <value>Generation: number of unread tokens of a stream at which its sequence pauses, 1 to 1048576. Default 256.</value>
    public int RingTokens { get; set; } = 256;

    /// <value>Generation: whether the KV cache of ended sequences is kept for sequences of the same tenant with the same beginning. Default true.</value>
    public bool PrefixCache { get; set; } = true;
}
