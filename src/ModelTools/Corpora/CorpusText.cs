namespace Meridian.ModelTools.Corpora;

/// <summary>A text that a teacher wrote, and what it thought at every token.</summary>
/// <param name="Tokens">[length], the beginning and, where the text ends by itself, the end token included.</param>
/// <param name="Temperature">That the tokens were drawn at.</param>
/// <param name="TopIds">[length - 1, top]: for each position but the last the teacher's likeliest next tokens, best first.</param>
/// <param name="TopLogProbabilities">[length - 1, top]: their log probabilities at temperature 1, whatever the text was drawn at.</param>
public sealed record CorpusText(int[] Tokens, float Temperature, int[] TopIds, Half[] TopLogProbabilities);
