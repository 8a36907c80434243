namespace Meridian.Intents;

/// <summary>The current copy, which callers can read and wait for. One writer replaces it as a whole.</summary>
internal sealed class ReplicaFeed
{
    private readonly Lock _gate = new();
    private readonly Latest<IntentReplica> _latest = new(IntentReplica.Empty);

    public IntentReplica Current => _latest.Current;

    public void Publish(IntentReplica replica)
    {
        lock (_gate)
        {
            // A log that is opened again publishes its past once more. Skip those copies.
            if (replica.AppliedIndex >= Current.AppliedIndex)
                _latest.Publish(replica);
        }
    }

    /// <summary>Completes with the first copy that has applied <paramref name="index"/>.</summary>
    public Task<IntentReplica> WaitAsync(long index, CancellationToken cancellationToken) => _latest.WaitAsync(replica => replica.AppliedIndex >= index, cancellationToken);
}
