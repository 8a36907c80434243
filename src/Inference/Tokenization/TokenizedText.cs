namespace Meridian.Inference.Tokenization;

/// <summary>A text as ids.</summary>
/// <param name="Ids">Ids with the model's special tokens around them; all of the text's where <see cref="Complete"/>, else those of a prefix.</param>
/// <param name="Complete">
/// Whether the whole text was read. A long text is read only as far as is needed to know that it exceeds the limit, so then <c>Ids.Length</c> is a lower bound.
/// </param>
public readonly record struct TokenizedText(uint[] Ids, bool Complete);
