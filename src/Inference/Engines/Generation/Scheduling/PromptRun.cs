namespace Meridian.Inference.Engines.Generation.Scheduling;

/// <summary>One prompt of a stream, shared by the choices that continue it. Its keys and values are computed once and then copied.</summary>
/// <param name="ids">The tokens of the prompt.</param>
internal sealed class PromptRun(int[] ids)
{
    public int[] Ids { get; } = ids;

    /// <value>The choice that computes the prompt. The other choices wait for it. Null until a choice was admitted.</value>
    public GenerationSequence? Leader { get; set; }

    /// <value>Number of choices that have not been admitted yet.</value>
    public int Unstarted { get; set; }
}
