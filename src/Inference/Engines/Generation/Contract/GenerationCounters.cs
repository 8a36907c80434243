namespace Meridian.Inference.Engines.Generation.Contract;

/// <summary>Counters of an engine since its start, and its present occupancy.</summary>
public sealed record GenerationCounters
{
    /// <value>Number of slots of the KV cache. <see cref="SlotsInUse"/> of them run a sequence now.</value>
    public int Slots { get; init; }

    public int SlotsInUse { get; init; }

    /// <value>Number of sequences that wait to be admitted, including preempted ones.</value>
    public int Waiting { get; init; }

    /// <value>Capacity of the cache in tokens. Running sequences have reserved <see cref="ReservedTokens"/> of them.</value>
    public long BudgetTokens { get; init; }

    public long ReservedTokens { get; init; }

    /// <value>Tokens of cache that hold ended sequences for reuse. They are evicted when running sequences need the room.</value>
    public long KeptTokens { get; init; }

    /// <value>Number of steps that the engine has run.</value>
    public long Steps { get; init; }

    /// <value>Number of tokens of all prompts that have started. Each prompt counts once.</value>
    public long PromptTokens { get; init; }

    /// <value>Number of these prompt tokens that came from a cached prefix and were not computed.</value>
    public long CachedTokens { get; init; }

    public long GeneratedTokens { get; init; }

    /// <value>Number of times that a sequence lost its slot and had to wait again.</value>
    public long Preemptions { get; init; }

    public long Cancelled { get; init; }

    /// <value>Largest number of steps that computed a sequence after its stream was cancelled: 0 or 1.</value>
    public int MostStepsAfterCancel { get; init; }

    /// <value>Longest time from a cancellation to the release of the slot, ms.</value>
    public double MostCancelMs { get; init; }
}
