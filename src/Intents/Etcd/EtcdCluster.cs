using System.Diagnostics.CodeAnalysis;
using Etcdserverpb;
using Grpc.Core;

namespace Meridian.Intents.Etcd;

/// <summary>
/// All etcd endpoints. Calls go to one endpoint until it fails, then to the next. <see cref="Current"/> has a token that tells the streams at a failed endpoint
/// to move, too.
/// </summary>
internal sealed class EtcdCluster : IDisposable
{
    private readonly EtcdEndpoint[] _endpoints;
    private readonly TimeSpan _attempt;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private State _state;

    // Id of the first cluster that answered, or of the local copy's cluster.
    private ulong _clusterId;

    public EtcdCluster(IEnumerable<Uri> endpoints, TimeSpan attempt, TimeProvider time)
    {
        _endpoints = [.. endpoints.Select(address => new EtcdEndpoint(address, attempt))];
        _attempt = attempt;
        _time = time;
        _state = new State(0);
    }

    /// <summary>Sets the cluster of the local copy. Call it before the first call to etcd.</summary>
    public void Expect(ulong clusterId) => _clusterId = clusterId;

    /// <value>The endpoint in use, with a token that is cancelled when the endpoint is given up.</value>
    public (EtcdEndpoint Endpoint, CancellationToken GivenUp) Current
    {
        get
        {
            var state = Volatile.Read(ref _state);
            return (_endpoints[state.Index], state.GivenUp);
        }
    }

    /// <summary>
    /// Whether the endpoint belongs to the same cluster as the others. The first endpoint that answers decides, unless there is a local copy.
    /// </summary>
    public bool Accepts(EtcdEndpoint endpoint, ulong clusterId)
    {
        var first = Interlocked.CompareExchange(ref _clusterId, clusterId, 0);
        return endpoint.Known = first == 0 || first == clusterId;
    }

    /// <summary>Moves to the next endpoint, unless another caller has already left <paramref name="endpoint"/>.</summary>
    public void GiveUp(EtcdEndpoint endpoint)
    {
        State left;
        lock (_gate)
        {
            left = _state;
            if (_endpoints[left.Index] != endpoint)
                return;
            Volatile.Write(ref _state, new State((left.Index + 1) % _endpoints.Length));
        }

        left.End();
    }

    /// <summary>Makes one attempt at the endpoint in use, within the timeout of an attempt. An endpoint that fails is given up.</summary>
    /// <param name="call">The call.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <param name="within">Timeout of this attempt; null for the usual timeout.</param>
    /// <exception cref="EtcdCallException">The attempt failed, or the endpoint belongs to another cluster.</exception>
    public async Task<T> TryAsync<T>(Func<EtcdEndpoint, CallOptions, AsyncUnaryCall<T>> call, CancellationToken cancellationToken, TimeSpan? within = null)
    {
        var (endpoint, _) = Current;
        var attempt = within ?? _attempt;
        using var timeout = new CancellationTokenSource(attempt, _time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        var sent = false;
        try
        {
            // Check the cluster first: a change must not be made in a cluster that is in the list by mistake.
            if (!endpoint.Known)
            {
                using var asked = endpoint.Calls.MaintenanceClient.StatusAsync(new StatusRequest(), EtcdEndpoint.Options(both.Token));
                var cluster = (await asked.ResponseAsync.ConfigureAwait(false)).Header.ClusterId;
                if (!Accepts(endpoint, cluster))
                {
                    GiveUp(endpoint);
                    throw new EtcdCallException(EtcdFault.NotTaken, $"{endpoint.Address} belongs to another etcd cluster ({cluster:x}) than the others. Correct the endpoints.");
                }
            }

            sent = true;
            using var running = call(endpoint, EtcdEndpoint.Options(both.Token));
            return await running.ResponseAsync.ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is RpcException or OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var fault = exception is RpcException rpc && !timeout.IsCancellationRequested ? EtcdFaults.Read(rpc) : EtcdFault.Unknown;
            if (fault is EtcdFault.Unknown or EtcdFault.NotTaken)
                GiveUp(endpoint);
            if (fault == EtcdFault.Unknown && !sent)
                fault = EtcdFault.NotTaken;
            throw new EtcdCallException(
                fault,
                timeout.IsCancellationRequested ? $"{endpoint.Address} did not answer within {attempt.TotalSeconds:0.#} s" : $"{endpoint.Address}: {EtcdFaults.Describe(exception)}",
                exception);
        }
    }

    public Task<TxnResponse> TransactAsync(TxnRequest request, CancellationToken cancellationToken, TimeSpan? within = null) =>
        TryAsync((endpoint, options) => endpoint.Calls.KVClient.TxnAsync(request, options), cancellationToken, within);

    public Task<RangeResponse> ReadAsync(RangeRequest request, CancellationToken cancellationToken) =>
        TryAsync((endpoint, options) => endpoint.Calls.KVClient.RangeAsync(request, options), cancellationToken);

    public void Dispose()
    {
        _state.End();
        foreach (var endpoint in _endpoints)
            endpoint.Dispose();
    }

    [SuppressMessage("Reliability", "CA1001", Justification = "A source without timer or link holds nothing.")]
    private sealed class State(int index)
    {
        private readonly CancellationTokenSource _givenUp = new();

        public int Index => index;

        public CancellationToken GivenUp => _givenUp.Token;

        public void End() => _ = _givenUp.CancelAsync();
    }
}
