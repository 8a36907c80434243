using Etcdserverpb;

namespace Meridian.Intents.Etcd;

/// <summary>
/// Limits how long outcomes are remembered: etcd deletes the keys of operations when their lease ends. One lease serves all operations of an hour and lasts two
/// hours, so each operation is remembered for one to two hours. An operation that is repeated later counts as new; then only its conditions can prevent a
/// second change.
/// </summary>
internal sealed class EtcdLease(EtcdCluster cluster, TimeProvider time)
{
    private static readonly TimeSpan Used = TimeSpan.FromHours(1);
    private static readonly TimeSpan Remembered = TimeSpan.FromHours(2);

    private Grant? _grant;

    /// <param name="within">Timeout of the call to etcd, if a call is needed.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="EtcdCallException">The call failed.</exception>
    public async ValueTask<long> GetAsync(TimeSpan within, CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _grant) is { } grant && time.GetElapsedTime(grant.Granted) < Used)
            return grant.Id;

        // Two concurrent callers get two leases. The spare lease ends by itself.
        var request = new LeaseGrantRequest { TTL = (long)Remembered.TotalSeconds };
        var asked = time.GetTimestamp();
        var response = await cluster.TryAsync((endpoint, options) => endpoint.Calls.LeaseClient.LeaseGrantAsync(request, options), cancellationToken, within).ConfigureAwait(false);
        Volatile.Write(ref _grant, new Grant(response.ID, asked));
        return response.ID;
    }

    /// <summary>Drops a lease that etcd does not know any more.</summary>
    public void Forget(long id)
    {
        if (Volatile.Read(ref _grant) is { } grant && grant.Id == id)
            Interlocked.CompareExchange(ref _grant, null, grant);
    }

    private sealed record Grant(long Id, long Granted);
}
