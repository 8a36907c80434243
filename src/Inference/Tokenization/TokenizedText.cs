namespace Meridian.Inference.Tokenization;

/// <summary>A text as ids.</summary>
/// <param name="Ids">Ids with the model's special tokens around them: of the whole text if <see cref="Complete"/> is true, otherwise of a prefix.</param>
/// <param name="Complete">
/// Whether the whole text was read. A long text is read only until it is certain that it exceeds the limit. Then <c>Ids.Length</c> is a lower bound.
/// </param>
public readonly record struct TokenizedText(uint[] Ids, bool Complete);
