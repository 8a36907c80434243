namespace Meridian.Intents;

/// <summary>A value that is replaced as a whole and that callers can wait for. Any thread may read and wait; only one thread at a time may publish.</summary>
/// <param name="first">The value until the first publish.</param>
public sealed class Latest<T>(T first)
    where T : class
{
    private T _current = first;
    private TaskCompletionSource _next = NewSource();

    public T Current => Volatile.Read(ref _current);

    public void Publish(T value)
    {
        Volatile.Write(ref _current, value);
        Interlocked.Exchange(ref _next, NewSource()).TrySetResult();
    }

    /// <summary>Completes with the first value, the current one included, for which <paramref name="wanted"/> is true.</summary>
    public async Task<T> WaitAsync(Func<T, bool> wanted, CancellationToken cancellationToken)
    {
        while (true)
        {
            // Read the signal before the value: a value that is published in between completes this signal.
            var next = Volatile.Read(ref _next).Task;
            if (Current is var value && wanted(value))
                return value;
            await next.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    // Continuations take locks of their own, so they must not run inside the publisher's locks.
    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
