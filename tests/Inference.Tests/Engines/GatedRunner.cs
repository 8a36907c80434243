using System.Collections.Concurrent;
using Meridian.Inference.Engines.Embeddings;

namespace Meridian.Inference.Tests.Engines;

/// <summary>A model that computes when a test lets it. A vector is its item's first id and the batch's size.</summary>
internal sealed class GatedRunner : IBatchRunner
{
    private readonly SemaphoreSlim _open = new(0);
    private readonly SemaphoreSlim _entered = new(0);

    public ConcurrentQueue<uint[]> Batches { get; } = [];

    public bool Disposed { get; private set; }

    public Exception? Failure { get; set; }

    /// <value>Items that begin with this id cannot be computed.</value>
    public uint? Poison { get; set; }

    public int? ThreadId { get; private set; }

    /// <summary>Waits until a batch has reached the model.</summary>
    public Task EnteredAsync() => _entered.WaitAsync(TestContext.Current.CancellationToken);

    public void Open(int batches = 1) => _open.Release(batches);

    public void Run(ReadOnlySpan<EmbeddingItem> batch, int longest)
    {
        ThreadId = Environment.CurrentManagedThreadId;
        var ids = new uint[batch.Length];
        for (var i = 0; i < batch.Length; i++)
            ids[i] = batch[i].Ids[0];
        Batches.Enqueue(ids);
        _entered.Release();
        _open.Wait();
        if (Failure is { } failure)
            throw failure;
        if (Poison is { } poison && ids.Contains(poison))
            throw new InvalidOperationException("the model broke");
        foreach (var item in batch)
        {
            var vector = item.Call.VectorOf(item.Index);
            vector[0] = item.Ids[0];
            vector[1] = batch.Length;
        }
    }

    public void Dispose() => Disposed = true;
}
