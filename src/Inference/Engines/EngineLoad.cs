namespace Meridian.Inference.Engines;

/// <summary>The load of an engine, for routers.</summary>
/// <param name="InFlight">Number of items being computed.</param>
/// <param name="Queued">Number of waiting items.</param>
/// <param name="QueueCapacity">Most items in the queue.</param>
/// <param name="ServiceMs">Smoothed engine time of one item, ms; 0 while unknown.</param>
public readonly record struct EngineLoad(int InFlight, int Queued, int QueueCapacity, float ServiceMs)
{
    /// <value>The pace of an engine that generates text; null for other engines.</value>
    public SequencePace? Pace { get; init; }
}
