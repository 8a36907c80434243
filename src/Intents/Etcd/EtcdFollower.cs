using Etcdserverpb;
using Google.Protobuf;
using Grpc.Core;
using Mvccpb;

namespace Meridian.Intents.Etcd;

/// <summary>
/// Keeps the local copy equal to the state at some etcd revision. It reads the whole state at one revision, then watches from the next revision. The watch
/// gives every later change, complete and in order. A watch that ends is opened again at another endpoint, from the revision where it ended. If etcd has
/// dropped the changes in between (compaction), the whole state is read again.
/// <para>
/// The applied index is the etcd revision of the last change seen. Progress notices do not raise it, because etcd before 3.4.25 may send them ahead of changes.
/// </para>
/// Not thread-safe: one caller at a time.
/// </summary>
internal sealed class EtcdFollower(EtcdCluster cluster, EtcdKeys keys, Latest<IntentReplica> cell, EtcdReplica copy, Action accepted)
{
    /// <summary>Records in one answer of a full read. Each has at most 1 MiB.</summary>
    private const int PageRecords = 64;

    private EtcdReplica _copy = copy;
    private bool _whole;

    /// <value>Completes when the first copy from etcd is published.</value>
    public TaskCompletionSource Synced { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <value>The copy, with the etcd data that is needed to continue it.</value>
    public EtcdReplica Copy => Volatile.Read(ref _copy);

    /// <summary>Follows until the endpoint in use fails (its exception is thrown) or is given up.</summary>
    /// <exception cref="IntentLogException">This etcd is not, or no longer, the log of the local copy.</exception>
    public async Task FollowAsync(TimeSpan readLimit, TimeProvider time, CancellationToken cancellationToken)
    {
        var (endpoint, givenUp) = cluster.Current;
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, givenUp);
        try
        {
            if (_whole)
                await MeetAsync(endpoint, readLimit, time, ended.Token).ConfigureAwait(false);
            else
                await ReadWholeAsync(endpoint, readLimit, time, ended.Token).ConfigureAwait(false);
            await WatchAsync(endpoint, ended.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is RpcException or OperationCanceledException && !ended.IsCancellationRequested)
        {
            cluster.GiveUp(endpoint);
            throw;
        }
    }

    /// <summary>
    /// Checks that etcd has reached the copy's revision. Without it, an etcd that was restored from an older copy would accept a watch from a future revision.
    /// The read asks a majority, because a single member may be behind.
    /// </summary>
    private async Task MeetAsync(EtcdEndpoint endpoint, TimeSpan limit, TimeProvider time, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(limit, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        var read = await endpoint.Calls.KVClient.RangeAsync(new RangeRequest { Key = keys.Revision, CountOnly = true }, EtcdEndpoint.Options(both.Token)).ConfigureAwait(false);
        _copy.Expect(read.Header.ClusterId, read.Header.Revision);
    }

    private async Task ReadWholeAsync(EtcdEndpoint endpoint, TimeSpan limit, TimeProvider time, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(limit, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        var options = EtcdEndpoint.Options(both.Token);
        var found = new List<KeyValue>();
        var request = new RangeRequest { Key = keys.StateStart, RangeEnd = keys.StateEnd, Limit = PageRecords };
        ulong clusterId = 0;
        while (true)
        {
            var page = await endpoint.Calls.KVClient.RangeAsync(request, options).ConfigureAwait(false);
            if (request.Revision == 0)
                (request.Revision, clusterId) = (page.Header.Revision, page.Header.ClusterId);
            found.AddRange(page.Kvs);
            if (!page.More)
                break;
            request.Key = Next(page.Kvs[^1].Key);

            // Every page gets the full time. So the limit bounds the time without progress, not the time of the whole read.
            timeout.CancelAfter(limit);
        }

        if (!cluster.Accepts(endpoint, clusterId))
            throw new IntentLogException($"{endpoint.Address} belongs to another etcd cluster ({clusterId:x}) than the endpoint that answered first. Correct the endpoints.");
        _copy.Expect(clusterId, request.Revision);
        Publish(EtcdReplica.Of(clusterId, request.Revision, found, keys));
        _whole = true;
        accepted();
        Synced.TrySetResult();
    }

    private async Task WatchAsync(EtcdEndpoint endpoint, CancellationToken cancellationToken)
    {
        using var call = endpoint.Calls.WatchClient.Watch(EtcdEndpoint.Options(cancellationToken));
        await call.RequestStream.WriteAsync(
            new WatchRequest { CreateRequest = new WatchCreateRequest { Key = keys.StateStart, RangeEnd = keys.StateEnd, StartRevision = _copy.AppliedIndex + 1 } },
            cancellationToken).ConfigureAwait(false);
        while (await call.ResponseStream.MoveNext(cancellationToken).ConfigureAwait(false))
        {
            var response = call.ResponseStream.Current;
            _copy.Expect(response.Header.ClusterId, _copy.AppliedIndex);
            if (response.Canceled)
            {
                // The compacted changes are in the state now, so read the whole state next.
                _whole = response.CompactRevision == 0;
                if (_whole)
                    throw new RpcException(new Status(StatusCode.Unavailable, $"etcd ended the watch: {response.CancelReason}"));
                return;
            }

            if (response.Created)
                accepted();
            if (response.Events.Count > 0)
                Publish(_copy.Apply(response.Events, keys));
        }

        throw new RpcException(new Status(StatusCode.Unavailable, "etcd ended the watch"));
    }

    private void Publish(EtcdReplica next)
    {
        var news = next.AppliedIndex > _copy.AppliedIndex || next.ClusterId != _copy.ClusterId;
        Volatile.Write(ref _copy, next);
        if (news)
            cell.Publish(next.ToReplica());
    }

    private static ByteString Next(ByteString key) => ByteString.CopyFrom([.. key.Span, 0]);
}
