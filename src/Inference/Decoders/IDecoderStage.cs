using Meridian.Inference.Decoders.Contract;

namespace Meridian.Inference.Decoders;

/// <summary>
/// A contiguous range of a decoder's layers on one device, and the keys and values of those layers. Only one thread may call it. Slots are independent
/// sequences. The stage alone decides how slots lie in memory and which rows share a run.
/// </summary>
public interface IDecoderStage : IDisposable
{
    DecoderShape Shape { get; }

    /// <value>Number of sequences that the cache can hold at the same time.</value>
    int Slots { get; }

    /// <value>
    /// Whether a step with a single row gets a second row beside it. It is needed on machines whose arithmetic gives a lone row different bits. A stage that
    /// cannot do this always returns false.
    /// </value>
    bool PairsLoneRows
    {
        get => false;
        set { }
    }

    /// <summary>
    /// Runs every row through the layers. A row's slot holds <see cref="DecoderRow.Start"/> tokens before the call and Start + Count tokens after it. All rows
    /// must have different slots; they may have any lengths and starts.
    /// </summary>
    /// <param name="rows">At least one row.</param>
    /// <param name="ids">Ids of all rows. The ids of a row begin at its <see cref="DecoderRow.First"/>.</param>
    /// <param name="logits">Output, float32, [rows that want logits, in order; vocabulary]: the logits after the last token of each such row.</param>
    void Forward(ReadOnlySpan<DecoderRow> rows, ReadOnlySpan<int> ids, Span<float> logits);

    /// <summary>Number of tokens that a slot holds.</summary>
    int Length(int slot);

    /// <summary>Removes the tokens of a slot beyond a length.</summary>
    void Truncate(int slot, int length);

    /// <summary>Copies the first tokens of a slot into another slot. The target's own tokens are lost.</summary>
    void Copy(int source, int target, int length);

    /// <summary>Empties a slot and frees its memory.</summary>
    void Release(int slot);
}
