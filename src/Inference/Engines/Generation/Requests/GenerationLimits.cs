namespace Meridian.Inference.Engines.Generation.Requests;

/// <summary>What a request is checked against.</summary>
/// <param name="ContextLength">Most tokens of the model's context.</param>
/// <param name="BudgetTokens">Tokens that the cache's memory holds.</param>
/// <param name="Vocabulary">Width of the model's distribution: ids are below it.</param>
/// <param name="QueueCapacity">Choices that may wait.</param>
internal readonly record struct GenerationLimits(int ContextLength, long BudgetTokens, int Vocabulary, int QueueCapacity)
{
    /// <value>Most tokens of a sequence: the context, or what the memory holds, the last token not included, which is never run.</value>
    public int SequenceTokens => (int)Math.Min(ContextLength, BudgetTokens + 1);
}
