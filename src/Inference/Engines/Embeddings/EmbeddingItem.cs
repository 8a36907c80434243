namespace Meridian.Inference.Engines.Embeddings;

/// <summary>One text of a call, as ids. Linked into <see cref="LengthQueue"/> by its own fields, so that queuing allocates nothing.</summary>
internal sealed class EmbeddingItem(EmbeddingCall call, int index, uint[] ids)
{
    public EmbeddingCall Call { get; } = call;

    /// <value>Row of the call's result.</value>
    public int Index { get; } = index;

    /// <value>Special tokens included.</value>
    public uint[] Ids { get; } = ids;

    public int Length => Ids.Length;

    // Neighbours among the queued items of the same length, oldest first. Owned by LengthQueue.
    public EmbeddingItem? Next;
    public EmbeddingItem? Previous;
    public bool Queued;
}
