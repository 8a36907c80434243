namespace Meridian.Inference.Engines.Embeddings;

/// <summary>One text of a call, as ids. <see cref="LengthQueue"/> links items through their own fields, so queueing allocates nothing.</summary>
internal sealed class EmbeddingItem(EmbeddingCall call, int index, uint[] ids)
{
    public EmbeddingCall Call { get; } = call;

    /// <value>Row in the result of the call.</value>
    public int Index { get; } = index;

    /// <value>Includes special tokens.</value>
    public uint[] Ids { get; } = ids;

    public int Length => Ids.Length;

    // Neighbours among the queued items of the same length, oldest first. Owned by LengthQueue.
    public EmbeddingItem? Next;
    public EmbeddingItem? Previous;
    public bool Queued;
}
