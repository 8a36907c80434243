namespace Meridian.Federation.Intents;

/// <summary>The current copy, swapped whole by one writer, and those who wait for a later one.</summary>
internal sealed class ReplicaFeed
{
    private readonly Lock _gate = new();
    private IntentReplica _current = IntentReplica.Empty;
    private TaskCompletionSource? _next;

    public IntentReplica Current => Volatile.Read(ref _current);

    public void Publish(IntentReplica replica)
    {
        TaskCompletionSource? next;
        lock (_gate)
        {
            // A log that is opened again shows its past once more.
            if (replica.AppliedIndex < _current.AppliedIndex)
                return;
            Volatile.Write(ref _current, replica);
            next = _next;
            _next = null;
        }

        next?.TrySetResult();
    }

    /// <summary>Completes with the first copy that has applied <paramref name="index"/>.</summary>
    public async Task<IntentReplica> WaitAsync(long index, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task next;
            lock (_gate)
            {
                if (_current.AppliedIndex >= index)
                    return _current;
                next = (_next ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }

            await next.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }
}
