namespace Meridian.ModelTools.Corpora;

/// <summary>A sequence that a <see cref="SequenceWalk"/> leads through a model token by token.</summary>
internal interface IWalkedSequence
{
    /// <value>The token it begins with.</value>
    int First { get; }

    /// <summary>Says what follows.</summary>
    /// <param name="logits">[vocabulary], after the last token; may be overwritten.</param>
    /// <returns>The next token, or -1 where the sequence ends.</returns>
    int Next(Span<float> logits);
}
