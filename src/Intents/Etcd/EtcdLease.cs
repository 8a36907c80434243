using Etcdserverpb;

namespace Meridian.Intents.Etcd;

/// <summary>
/// How long outcomes are remembered: etcd deletes the keys of operations with their lease. One lease serves all operations of an hour, so each is remembered for one to two hours;
/// one that is repeated later is taken for a new one, and its conditions alone hold it back.
/// </summary>
internal sealed class EtcdLease(EtcdCluster cluster, TimeProvider time)
{
    private static readonly TimeSpan Used = TimeSpan.FromHours(1);
    private static readonly TimeSpan Remembered = TimeSpan.FromHours(2);

    private Grant? _grant;

    /// <param name="within">The time of the call to etcd, where one is needed.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="EtcdCallException">The call failed.</exception>
    public async ValueTask<long> GetAsync(TimeSpan within, CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _grant) is { } grant && time.GetElapsedTime(grant.Granted) < Used)
            return grant.Id;

        // Two at once get two leases: the spare one ends by itself.
        var request = new LeaseGrantRequest { TTL = (long)Remembered.TotalSeconds };
        var asked = time.GetTimestamp();
        var response = await cluster.TryAsync((endpoint, options) => endpoint.Calls.LeaseClient.LeaseGrantAsync(request, options), cancellationToken, within).ConfigureAwait(false);
        Volatile.Write(ref _grant, new Grant(response.ID, asked));
        return response.ID;
    }

    /// <summary>etcd does not know it any more.</summary>
    public void Forget(long id)
    {
        if (Volatile.Read(ref _grant) is { } grant && grant.Id == id)
            Interlocked.CompareExchange(ref _grant, null, grant);
    }

    private sealed record Grant(long Id, long Granted);
}
