namespace Meridian.Grains.Shards;

/// <summary>
/// The queue for long texts of a silo that are converted to or from token ids. Conversions share the processors with the engines, so only a few run
/// at a time. The waiting texts are limited in bytes, because their number says little about their memory. Thread-safe.
/// </summary>
/// <remarks>
/// An empty queue accepts a text of any size. The model then refuses a text that is too long, with its own length limit as the reason and not the
/// queue's.
/// </remarks>
public sealed class ConversionQueue : IDisposable
{
    /// <summary>Most bytes of all texts in the queue, running or waiting.</summary>
    public const long MaxBytes = 32L << 20;

    /// <summary>Longest short text, in characters or ids. Its conversion takes a few milliseconds and does not count in the queue.</summary>
    public const long ShortText = 4096;

    private const int BytesPerCharacter = sizeof(char);
    private readonly SemaphoreSlim _slots = new(AtOnce);
    private long _bytes;

    /// <value>Number of long texts that are converted at the same time.</value>
    public static int AtOnce { get; } = Math.Max(4, Environment.ProcessorCount);

    /// <value>Bytes of the texts that run or wait now.</value>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Runs a conversion on the thread pool. A long text waits for its turn first.</summary>
    /// <param name="size">Length of the texts, in characters or ids.</param>
    /// <param name="convert">Must check its token by itself.</param>
    /// <param name="cancellationToken">Ends the wait and the conversion.</param>
    /// <returns>False and no result if the queue is full.</returns>
    public async Task<(bool Ran, T? Result)> RunAsync<T>(long size, Func<CancellationToken, T> convert, CancellationToken cancellationToken)
    {
        if (size <= ShortText) return (true, await Task.Run(() => convert(cancellationToken), cancellationToken).ConfigureAwait(false));
        var bytes = size * BytesPerCharacter;
        if (!TryEnter(bytes)) return (false, default);
        try
        {
            await _slots.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                return (true, await Task.Run(() => convert(cancellationToken), cancellationToken).ConfigureAwait(false));
            }
            finally
            {
                _slots.Release();
            }
        }
        finally
        {
            Interlocked.Add(ref _bytes, -bytes);
        }
    }

    public void Dispose() => _slots.Dispose();

    private bool TryEnter(long bytes)
    {
        for (var held = Bytes; held == 0 || held + bytes <= MaxBytes; held = Bytes)
        {
            if (Interlocked.CompareExchange(ref _bytes, held + bytes, held) == held) return true;
        }

        return false;
    }
}
