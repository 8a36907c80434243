namespace Meridian.Silo.Configuration;

/// <summary>A model that the installation serves: where it comes from, where it is deployed, how it runs.</summary>
public sealed class ModelEntry
{
    /// <value>Name that callers use; letters, digits, <c>.</c>, <c>_</c>, <c>-</c>.</value>
    public string Name { get; set; } = "";

    /// <value>
    /// Where the files come from: <c>minilm</c> (built in), or the path of a model package's directory.
    /// Empty: the region's model store already has it.
    /// </value>
    public string? Source { get; set; }

    /// <value>What it does. Default <c>embedding</c>.</value>
    public string Kind { get; set; } = "embedding";

    /// <value>Who made it, shown by <c>/v1/models</c>.</value>
    public string OwnedBy { get; set; } = "";

    /// <value>When it was made, unix seconds, shown by <c>/v1/models</c>.</value>
    public long Created { get; set; }

    /// <value>Names of the regions it is deployed to; empty means all.</value>
    public List<string> Regions { get; set; } = [];

    /// <summary>Whether a region serves it.</summary>
    public bool IsDeployedTo(string region) => Regions.Count == 0 || Regions.Contains(region);

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
}
