namespace Meridian.Inference.Engines;

/// <param name="InFlight">Items being computed.</param>
/// <param name="Queued">Items waiting.</param>
/// <param name="QueueCapacity">Items the queue holds at most.</param>
/// <param name="ServiceMs">Smoothed engine time of one item, ms; 0 while unknown.</param>
public readonly record struct EngineLoad(int InFlight, int Queued, int QueueCapacity, float ServiceMs)
{
    /// <value>Of an engine that generates text; null for others.</value>
    public SequencePace? Pace { get; init; }
}
