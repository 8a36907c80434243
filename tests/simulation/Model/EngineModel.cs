namespace Meridian.Simulation.Model;

/// <summary>What a replica can do. The defaults are of the order of a 7B model on one mid-range GPU.</summary>
internal sealed record EngineModel
{
    /// <value>Sequences that run at once.</value>
    public int Slots { get; init; } = 24;

    /// <value>Time of a step with one sequence, ms.</value>
    public double StepMs { get; init; } = 22;

    /// <value>What each further sequence adds to a step, ms.</value>
    public double StepMsPerSequence { get; init; } = 0.9;

    /// <value>Prompt tokens a replica takes in, a ms.</value>
    public double PrefillPerMs { get; init; } = 6;

    /// <value>Requests that may wait at a replica.</value>
    public int Queue { get; init; } = 64;

    /// <value>Conversations whose keys and values a replica keeps.</value>
    public int CachedConversations { get; init; } = 200;
}
