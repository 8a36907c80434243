namespace Meridian.Grains.Shards;

/// <summary>
/// The long texts of a silo that are converted to or from ids, or wait for it. They share the processors with the engines, so few run at once; those that wait are
/// counted in bytes, since their number says little about what they hold. Thread-safe.
/// </summary>
/// <remarks>
/// A text may be as large as the queue while nothing else is in it: then it is refused for its own length, by the model that it is for, and not for the queue's.
/// </remarks>
public sealed class ConversionQueue : IDisposable
{
    /// <summary>Bytes of all texts in the queue, running or waiting.</summary>
    public const long MaxBytes = 32L << 20;

    /// <summary>Characters or ids up to which a text is short: some milliseconds, and counted as nothing.</summary>
    public const long ShortText = 4096;

    private const int BytesPerCharacter = sizeof(char);
    private readonly SemaphoreSlim _slots = new(AtOnce);
    private long _bytes;

    /// <value>Texts that are converted at a time.</value>
    public static int AtOnce { get; } = Math.Max(4, Environment.ProcessorCount);

    /// <value>Bytes of the texts that run or wait.</value>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Runs a conversion on the thread pool, in turn where its text is long.</summary>
    /// <param name="size">Characters or ids of its texts.</param>
    /// <param name="convert">Looks at the token by itself.</param>
    /// <param name="cancellationToken">Ends the wait and the conversion.</param>
    /// <returns>False and no result where the queue is full.</returns>
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
