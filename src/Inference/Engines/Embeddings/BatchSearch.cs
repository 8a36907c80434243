namespace Meridian.Inference.Engines.Embeddings;

/// <summary>Runs a batch. A failed batch runs again in halves, and halves of halves, so that only items fail that fail alone.</summary>
/// <param name="runner">Runs the batches.</param>
/// <param name="maxTokens">Longest item, tokens.</param>
internal sealed class BatchSearch(IBatchRunner runner, int maxTokens)
{
    private readonly List<(EmbeddingItem Item, Exception Cause)> _failed = [];

    /// <value>Items of the last batch that failed alone.</value>
    public IReadOnlyList<(EmbeddingItem Item, Exception Cause)> Failed => _failed;

    /// <value>Exception of the first run of the last batch; null if that run succeeded.</value>
    public Exception? First { get; private set; }

    /// <exception cref="InvalidOperationException">The model fails even on an input that it ran when it was loaded.</exception>
    public void Run(ReadOnlySpan<EmbeddingItem> batch)
    {
        _failed.Clear();
        First = null;
        Try(batch);
    }

    private void Try(ReadOnlySpan<EmbeddingItem> batch)
    {
        try
        {
            var longest = 0;
            foreach (var item in batch)
                longest = Math.Max(longest, item.Length);
            runner.Run(batch, longest);
            return;
        }
        catch (Exception e)
        {
            var first = First is null;
            if (first)
            {
                First = e;
                Probe(batch[0].Call.Dimensions, e);
            }

            if (batch.Length == 1 && !first)
            {
                _failed.Add((batch[0], e));
                return;
            }
        }

        // If the batch had only one item from the start, the item is tried once more.
        var half = batch.Length / 2;
        if (half > 0)
            Try(batch[..half]);
        Try(batch[half..]);
    }

    private void Probe(int dimensions, Exception reason)
    {
        try
        {
            var call = new EmbeddingCall([new uint[Math.Min(WarmUp.ItemTokens, maxTokens)]], dimensions);
            runner.Run(call.Items, call.Items[0].Length);
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"A batch failed ({reason.Message}), and so does the run of an item that went well when the model was loaded: {e.Message}", reason);
        }
    }
}
