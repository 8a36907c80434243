namespace Meridian.Inference.Engines.Generation.Contract;

/// <summary>What an engine has done since its start.</summary>
public sealed record GenerationCounters
{
    /// <value>Slots of the key and value cache, and how many of them run a sequence now.</value>
    public int Slots { get; init; }

    public int SlotsInUse { get; init; }

    /// <value>Sequences that wait to be admitted.</value>
    public int Waiting { get; init; }

    /// <value>Tokens of cache that the memory budget allows, and those spoken for now.</value>
    public long BudgetTokens { get; init; }

    public long ReservedTokens { get; init; }

    /// <value>Tokens of cache that hold ended sequences for reuse; they give way to running ones.</value>
    public long KeptTokens { get; init; }

    /// <value>Iterations of the engine.</value>
    public long Steps { get; init; }

    /// <value>Tokens of the prompts begun, each prompt once.</value>
    public long PromptTokens { get; init; }

    /// <value>Those of them taken from a cached prefix instead of computed.</value>
    public long CachedTokens { get; init; }

    public long GeneratedTokens { get; init; }

    /// <value>Sequences that gave their slot up and were computed again.</value>
    public long Preemptions { get; init; }

    public long Cancelled { get; init; }

    /// <value>Most steps that computed a sequence after the engine had heard of its cancellation: 0 or 1.</value>
    public int MostStepsAfterCancel { get; init; }

    /// <value>Longest time from a cancellation to the release of the slot, ms.</value>
    public double MostCancelMs { get; init; }
}
