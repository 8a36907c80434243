namespace Meridian.Inference.Engines.Generation.Scheduling;

/// <summary>A prompt of a stream and the choices that continue it: its keys and values are computed once, then copied.</summary>
/// <param name="ids">The prompt.</param>
internal sealed class PromptRun(int[] ids)
{
    public int[] Ids { get; } = ids;

    /// <value>The choice that computes the prompt; the others wait for it. Null until one was admitted.</value>
    public GenerationSequence? Leader { get; set; }

    /// <value>Choices that have not been admitted yet.</value>
    public int Unstarted { get; set; }
}
