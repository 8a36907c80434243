namespace Meridian.ModelTools.Corpora;

/// <summary>A text that a teacher wrote, and what it thought at every token.</summary>
/// <param name="Tokens">[length]: the tokens, from the beginning on. If the text ends by itself, the last token is the end token.</param>
/// <param name="Temperature">The temperature at which the tokens were drawn.</param>
/// <param name="TopIds">[length - 1, top]: the teacher's likeliest next tokens at each position except the last, best first.</param>
/// <param name="TopLogProbabilities">[length - 1, top]: their log probabilities at temperature 1, also if the text was drawn at another temperature.</param>
public sealed record CorpusText(int[] Tokens, float Temperature, int[] TopIds, Half[] TopLogProbabilities);
