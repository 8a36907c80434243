using System.Runtime.InteropServices;

namespace Meridian.Inference.Engines.Embeddings;

/// <summary>
/// The items of one <see cref="IEmbeddingEngine.EmbedAsync"/> call and the result that they fill. The engine's lock guards everything except the vectors.
/// Several workers may write vectors of different rows at once.
/// </summary>
internal sealed class EmbeddingCall
{
    private readonly TaskCompletionSource<EmbeddingOutcome> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public EmbeddingCall(uint[][] ids, int dimensions)
    {
        Dimensions = dimensions;
        Items = new EmbeddingItem[ids.Length];
        for (var i = 0; i < ids.Length; i++)
        {
            Items[i] = new EmbeddingItem(this, i, ids[i]);
            PromptTokens += ids[i].Length;
        }

        Vectors = GC.AllocateUninitializedArray<byte>(ids.Length * dimensions * sizeof(float));
        Unfinished = ids.Length;
    }

    public EmbeddingItem[] Items { get; }

    public int Dimensions { get; }

    /// <value>[Items, Dimensions] float32 little-endian.</value>
    public byte[] Vectors { get; }

    public int PromptTokens { get; }

    public Task<EmbeddingOutcome> Task => _done.Task;

    /// <value>Timestamp of the admission.</value>
    public long Admitted { get; set; }

    /// <value>Number of items not computed yet.</value>
    public int Unfinished { get; set; }

    public float QueueMs { get; set; }

    public float ServiceMs { get; set; }

    /// <value>Whether the call was cancelled, failed or completed, so that nobody waits for it any more.</value>
    public bool Ended { get; set; }

    /// <value>Unregistered when the call ends. Never disposed: Dispose waits for a running callback, and the callback may wait for the lock.</value>
    public CancellationTokenRegistration Cancellation { get; set; }

    // Links of the queue's rotation. Owned by LengthQueue.
    public EmbeddingCall? Next;
    public EmbeddingCall? Previous;
    public int QueuedItems;
    public int FirstQueued;

    /// <summary>The memory for the vector of an item.</summary>
    public Span<float> VectorOf(int index) =>
        MemoryMarshal.Cast<byte, float>(Vectors.AsSpan(index * Dimensions * sizeof(float), Dimensions * sizeof(float)));

    public void Complete() => _done.TrySetResult(new EmbeddingOutcome
    {
        Status = EmbeddingStatus.Done,
        Vectors = Vectors,
        Rows = Items.Length,
        Dimensions = Dimensions,
        PromptTokens = PromptTokens,
        QueueMs = QueueMs,
        ServiceMs = ServiceMs,
    });

    public void Cancel(CancellationToken token) => _done.TrySetCanceled(token);

    public void Fail(Exception exception) => _done.TrySetException(exception);
}
