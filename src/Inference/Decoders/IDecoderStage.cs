using Meridian.Inference.Decoders.Contract;

namespace Meridian.Inference.Decoders;

/// <summary>
/// A contiguous range of a decoder's layers on one device, and the keys and values of those layers. One thread calls it. Slots are independent sequences;
/// how they lie in memory and what can share a run is the stage's own affair.
/// </summary>
public interface IDecoderStage : IDisposable
{
    DecoderShape Shape { get; }

    /// <value>Sequences that the cache can hold at once.</value>
    int Slots { get; }

    /// <value>
    /// Whether a token that would be computed as the only row of a step gets a second row beside it, since this machine's arithmetic gives a lone row other bits. A stage that
    /// cannot stays at false.
    /// </value>
    bool PairsLoneRows
    {
        get => false;
        set { }
    }

    /// <summary>
    /// Runs every row through the layers. A row's slot holds <see cref="DecoderRow.Start"/> tokens before and Start + Count after.
    /// Rows have different slots; any mixture of lengths and starts is taken.
    /// </summary>
    /// <param name="rows">At least one.</param>
    /// <param name="ids">Ids of all rows, each at its <see cref="DecoderRow.First"/>.</param>
    /// <param name="logits">[rows that want logits, in order; vocabulary] float32: the distribution after each such row's last token.</param>
    void Forward(ReadOnlySpan<DecoderRow> rows, ReadOnlySpan<int> ids, Span<float> logits);

    /// <summary>Tokens that a slot holds.</summary>
    int Length(int slot);

    /// <summary>Forgets what a slot holds beyond a length.</summary>
    void Truncate(int slot, int length);

    /// <summary>Copies the first tokens of a slot into another, whose own are lost.</summary>
    void Copy(int source, int target, int length);

    /// <summary>Empties a slot and gives its memory back.</summary>
    void Release(int slot);
}
