namespace Meridian.Inference.Sampling;

/// <summary>Log probabilities at one position in the model's own distribution, before temperature, bias and penalties.</summary>
/// <param name="TokenId">The chosen token.</param>
/// <param name="Logprob">Natural logarithm of the token's probability.</param>
/// <param name="Top">The most probable tokens, best first.</param>
public sealed record GeneratedLogprob(int TokenId, float Logprob, (int TokenId, float Logprob)[] Top);
