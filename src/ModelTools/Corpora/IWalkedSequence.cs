namespace Meridian.ModelTools.Corpora;

/// <summary>A sequence that a <see cref="SequenceWalk"/> leads through a model token by token.</summary>
internal interface IWalkedSequence
{
    /// <value>The first token of the sequence.</value>
    int First { get; }

    /// <summary>Says what follows.</summary>
    /// <param name="logits">[vocabulary]: the logits after the last token. The sequence may overwrite them.</param>
    /// <returns>The next token, or -1 if the sequence ends.</returns>
    int Next(Span<float> logits);
}
