namespace Meridian.Intents;

/// <summary>The current copy, swapped whole by one writer, and those who wait for a later one.</summary>
internal sealed class ReplicaFeed
{
    private readonly Lock _gate = new();
    private readonly Latest<IntentReplica> _latest = new(IntentReplica.Empty);

    public IntentReplica Current => _latest.Current;

    public void Publish(IntentReplica replica)
    {
        lock (_gate)
        {
            // A log that is opened again shows its past once more.
            if (replica.AppliedIndex >= Current.AppliedIndex)
                _latest.Publish(replica);
        }
    }

    /// <summary>Completes with the first copy that has applied <paramref name="index"/>.</summary>
    public Task<IntentReplica> WaitAsync(long index, CancellationToken cancellationToken) => _latest.WaitAsync(replica => replica.AppliedIndex >= index, cancellationToken);
}
