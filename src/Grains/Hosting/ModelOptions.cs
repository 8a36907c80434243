namespace Meridian.Grains.Hosting;

/// <summary>A model that this region serves, and how its engines run.</summary>
public sealed class ModelOptions
{
    /// <value>Name that callers use and the package is installed under; letters, digits, <c>.</c>, <c>_</c>, <c>-</c>.</value>
    public string Name { get; set; } = "";

    /// <value>Replicas while nobody asked for another number, 0 to 64. Default 1.</value>
    public int Replicas { get; set; } = 1;

    /// <value>Device that a silo must have to hold a replica, for example <c>cuda:0</c>; null for any silo, run on its <c>cpu:0</c>. Default <c>cpu:0</c>.</value>
    public string? Device { get; set; } = "cpu:0";

    /// <value>Threads one ONNX Runtime call uses. Default 1.</value>
    public int IntraOpThreads { get; set; } = 1;

    /// <value>Threads of an engine that run batches. Default 1.</value>
    public int Workers { get; set; } = 1;

    /// <value>Whether idle ONNX Runtime threads spin. Default false.</value>
    public bool AllowSpinning { get; set; }

    /// <value>Most items in a batch. Default 32.</value>
    public int MaxBatch { get; set; } = 32;

    /// <value>How long an idle engine waits for a batch to fill, ms. Default 0: batches form while the previous one runs.</value>
    public int MaxWaitMs { get; set; }

    /// <value>Items that may wait at one replica. Default 4096: room for the largest request, 2048 items, beside others.</value>
    public int QueueCapacity { get; set; } = 4096;

    /// <value>Version to serve, or null for the newest installed.</value>
    public string? Version { get; set; }

    /// <value>Variant (precision) to serve, or null for the newest installed.</value>
    public string? Variant { get; set; }
}
