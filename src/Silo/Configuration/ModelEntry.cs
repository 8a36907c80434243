namespace Meridian.Silo.Configuration;

/// <summary>A model that the installation serves: where it comes from, where it is deployed, how it runs.</summary>
public sealed class ModelEntry
{
    /// <value>Name that callers use; letters, digits, <c>.</c>, <c>_</c>, <c>-</c>.</value>
    public string Name { get; set; } = "";

    /// <value>
    /// Where the files come from: <c>minilm</c> or <c>stories</c> (built in), the path of a model package's directory, or that of a Hugging Face folder.
    /// Empty: the region's model store already has it.
    /// </value>
    public string? Source { get; set; }

    /// <value>What it does: <c>embedding</c> or <c>generation</c>. Default: what the source is, <c>embedding</c> without one.</value>
    public string Kind { get; set; } = "";

    /// <value>Who made it, shown by <c>/v1/models</c>.</value>
    public string OwnedBy { get; set; } = "";

    /// <value>When it was made, unix seconds, shown by <c>/v1/models</c>.</value>
    public long Created { get; set; }

    /// <value>Names of the regions it is deployed to; empty means all.</value>
    public List<string> Regions { get; set; } = [];

    /// <value>Name of the routing policy for its requests, or null for each edge's own.</value>
    public string? Routing { get; set; }

    /// <summary>Whether a region serves it.</summary>
    public bool IsDeployedTo(string region) => Regions.Count == 0 || Regions.Contains(region);

    /// <value>
    /// After how many ms without an answer a request whose answer is taken whole is sent to a second region, too, 0 to 600000; 0 (the default) for never. The quicker answer wins.
    /// </value>
    public int HedgeAfterMs { get; set; }

    /// <value>Version that must be served, or null for the newest installed.</value>
    public string? Version { get; set; }

    /// <value>Variant that must be served, or null for the newest installed.</value>
    public string? Variant { get; set; }

    /// <value>Replicas in each region until an operator asks for another number, 0 to 64. Default 1.</value>
    public int Replicas { get; set; } = 1;

    /// <value><c>cpu:0</c> or <c>cuda:N</c>. Default <c>cpu:0</c>.</value>
    public string Device { get; set; } = "cpu:0";

    /// <value>Threads one call of the runtime uses, 1 to 256. Default 1.</value>
    public int IntraOpThreads { get; set; } = 1;

    /// <value>Threads that run batches, 1 to 64. Default 1.</value>
    public int Workers { get; set; } = 1;

    /// <value>Whether idle runtime threads spin. Default false.</value>
    public bool AllowSpinning { get; set; }

    /// <value>Most items in a batch, 1 to 4096. Default 32.</value>
    public int MaxBatch { get; set; } = 32;

    /// <value>How long an idle engine waits for a batch to fill, ms, 0 to 1000. Default 0.</value>
    public int MaxWaitMs { get; set; }

    /// <value>Items that may wait, 1 to 1000000. Default 4096: room for the largest request, 2048 items, beside others.</value>
    public int QueueCapacity { get; set; } = 4096;

    /// <value>Generation: sequences that run at once, 1 to 4096. Default 64.</value>
    public int MaxSequences { get; set; } = 64;

    /// <value>
    /// Generation: memory for keys and values, running and kept, MiB, 1 to 1048576. It bounds the longest sequence, too.
    /// Default: a share of the device, see <see cref="Meridian.Inference.Engines.EngineOptions.KvCacheBytes"/>.
    /// </value>
    public int? KvCacheMiB { get; set; }

    /// <value>Generation: most tokens of prompts in one step, 1 to 1048576. Default 512.</value>
    public int PrefillChunk { get; set; } = 512;

    /// <value>Generation: tokens of a stream that wait for its reader before its sequences pause, 1 to 1048576. Default 256.</value>
    public int RingTokens { get; set; } = 256;

    /// <value>Generation: whether keys and values of ended sequences are kept for others of the same tenant that begin alike. Default true.</value>
    public bool PrefixCache { get; set; } = true;
}
