namespace Meridian.Intents;

/// <summary>A value that is replaced whole, and that callers wait for. Any thread may read and wait; only one thread at a time may publish.</summary>
/// <param name="first">The value until another one is published.</param>
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

    /// <summary>Completes with the first value that is wanted, the current one included.</summary>
    public async Task<T> WaitAsync(Func<T, bool> wanted, CancellationToken cancellationToken)
    {
        while (true)
        {
            // The signal before the value: one that is published in between completes this very signal.
            var next = Volatile.Read(ref _next).Task;
            if (Current is var value && wanted(value))
                return value;
            await next.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    // Continuations wait for locks of their own: they never run inside the publisher's.
    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
