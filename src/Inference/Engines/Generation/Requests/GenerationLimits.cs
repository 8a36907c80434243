namespace Meridian.Inference.Engines.Generation.Requests;

/// <summary>The limits that requests are checked against.</summary>
/// <param name="ContextLength">Most tokens of the model's context.</param>
/// <param name="BudgetTokens">Number of tokens that the cache's memory holds.</param>
/// <param name="Vocabulary">Size of the model's vocabulary. All ids are below it.</param>
/// <param name="QueueCapacity">Number of choices that may wait.</param>
internal readonly record struct GenerationLimits(int ContextLength, long BudgetTokens, int Vocabulary, int QueueCapacity)
{
    /// <value>
    /// Most tokens of a sequence: the context, or one more than the memory holds. The last token is never computed, so it needs no memory.
    /// </value>
    public int SequenceTokens => (int)Math.Min(ContextLength, BudgetTokens + 1);
}
