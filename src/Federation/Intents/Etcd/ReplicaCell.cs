namespace Meridian.Federation.Intents.Etcd;

/// <summary>The copy in use, and those who wait for a newer one. One writer.</summary>
internal sealed class ReplicaCell
{
    private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private IntentReplica _current = IntentReplica.Empty;

    public IntentReplica Current => Volatile.Read(ref _current);

    public void Publish(IntentReplica replica)
    {
        Volatile.Write(ref _current, replica);
        Interlocked.Exchange(ref _next, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
    }

    public async Task<IntentReplica> WaitAsync(Func<IntentReplica, bool> wanted, CancellationToken cancellationToken)
    {
        while (true)
        {
            // The signal before the copy: a copy that is published in between completes this very signal.
            var next = Volatile.Read(ref _next).Task;
            if (Current is var replica && wanted(replica))
                return replica;
            await next.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }
}
