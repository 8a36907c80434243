using System.Diagnostics.CodeAnalysis;
using Etcdserverpb;
using Grpc.Core;
using Meridian.Intents.Options;
using Meridian.Intents.State;
using Meridian.Intents.Supervision;
using Microsoft.Extensions.Logging;

namespace Meridian.Intents.Etcd;

/// <summary>
/// The intent log in the installation's own etcd cluster. Every member is an etcd client. A change is one etcd transaction; the local copy follows by a watch
/// (<see cref="EtcdFollower"/>).
/// <list type="bullet">
/// <item>Revision, epoch and applied index are etcd revisions. An epoch is the modification revision of the record's key, so etcd's own comparison does
/// compare-and-set.</item>
/// <item>A change must be made at most once, although an attempt whose answer was lost may still be on its way. So a change that is made writes the key of its
/// operation in the same transaction, and no later attempt of the operation can pass. A failure writes that key in a second transaction, before it is
/// acknowledged. An attempt whose answer was lost may be judged again, but an acknowledged failure never becomes a success (Gray and Reuter's testable
/// transaction). Operations are remembered for at least an hour.</item>
/// <item>A linearizable read asks a majority for the log's revision and waits until the local copy has it.</item>
/// <item>The copy is also kept on disk, so that a region that starts while etcd is out of reach serves from it.</item>
/// <item>If etcd is another cluster, or was restored from an older copy, the member does not follow it: the copy never goes back. <see cref="Status"/> says so,
/// and changes are refused.</item>
/// </list>
/// Use etcd's own tools to add and remove etcd members. A change of 128 writes, or of more than 1.5 MiB, needs an etcd with raised limits
/// (<c>--max-txn-ops=512 --max-request-bytes=8388608</c>).
/// </summary>
public sealed partial class EtcdIntentLog : IIntentLog
{
    private static readonly TimeSpan ProbeEvery = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan SaveEvery = TimeSpan.FromSeconds(1);

    private readonly ChangeRule _rule;
    private readonly LoopSupervisor _supervisor;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly EtcdKeys _keys;
    private readonly EtcdTransactions _transactions;
    private readonly EtcdCluster _cluster;
    private readonly EtcdLease _lease;
    private readonly EtcdReplicaFile? _file;
    private readonly Latest<IntentReplica> _cell = new(IntentReplica.Empty);
    private readonly TimeSpan _attempt;
    [SuppressMessage("Reliability", "CA2213", Justification = "A source without timer or link holds nothing, and disposing it would race with calls in flight.")]
    private readonly CancellationTokenSource _stopping = new();
    private Task[] _loops = [];
    private EtcdStanding _standing = EtcdStanding.Unknown;

    // Written only by the follower. Set while the etcd that answers is not the log of the local copy.
    private string? _estranged;
    private int _disposed;

    /// <exception cref="IntentLogException">The options name no usable endpoint or prefix.</exception>
    public EtcdIntentLog(IntentLogOptions options, TimeProvider time, ILogger<EtcdIntentLog> logger, ChangeRule rule, LoopSupervisor supervisor)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.EtcdEndpoints is not { Count: > 0 })
            throw new IntentLogException("EtcdEndpoints is empty; name at least one member of the etcd cluster, for example http://127.0.0.1:2379.");
        var endpoints = options.EtcdEndpoints.ConvertAll(text => Uri.TryCreate(text, UriKind.Absolute, out var address) && (address.Scheme == Uri.UriSchemeHttp || address.Scheme == Uri.UriSchemeHttps)
            ? address
            : throw new IntentLogException($"EtcdEndpoints has '{text}'; it must be an absolute http or https address, for example http://127.0.0.1:2379."));
        if (string.IsNullOrWhiteSpace(options.EtcdPrefix) || !options.EtcdPrefix.EndsWith('/'))
            throw new IntentLogException($"EtcdPrefix is '{options.EtcdPrefix}'; it must not be empty and must end with '/', for example /meridian/intent/.");

        _rule = rule;
        _supervisor = supervisor;
        _time = time;
        _logger = logger;
        _attempt = TimeSpan.FromMilliseconds(options.LowerElectionTimeoutMs);
        _keys = new EtcdKeys(options.EtcdPrefix);
        _transactions = new EtcdTransactions(_keys);
        _cluster = new EtcdCluster(endpoints, _attempt, time);
        _lease = new EtcdLease(_cluster, time);
        _file = string.IsNullOrEmpty(options.Directory) ? null : new EtcdReplicaFile(options.Directory);
    }

    public IntentReplica Current => _cell.Current;

    public IntentLogStatus Status
    {
        get
        {
            var standing = Volatile.Read(ref _standing);
            var estranged = Volatile.Read(ref _estranged);
            return new IntentLogStatus
            {
                Role = IntentLogRole.Client,
                Leader = standing.Leader,
                CanChange = standing.Reachable && estranged is null,
                AppliedIndex = Current.AppliedIndex,
                CommittedIndex = Math.Max(standing.Revision, Current.AppliedIndex),
                Term = standing.Term,
                Voters = standing.Voters,
                Problem = estranged ?? standing.Problem,
            };
        }
    }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (_loops.Length > 0)
            throw new InvalidOperationException("The intent log has been started already.");
        var copy = _file?.Load() ?? EtcdReplica.Empty;
        if (copy.ClusterId != 0)
            _cell.Publish(copy.ToReplica());
        _cluster.Expect(copy.ClusterId);
        var follower = new EtcdFollower(_cluster, _keys, _cell, copy, accepted: () => Volatile.Write(ref _estranged, null));
        _loops =
        [
            Task.Run(() => _supervisor.RunAsync("etcd followed", _ => FollowAsync(follower), _stopping.Token), CancellationToken.None),
            Task.Run(() => _supervisor.RunAsync("etcd probed", _ => ProbeAsync(), _stopping.Token), CancellationToken.None),
            Task.Run(() => _supervisor.RunAsync("etcd's copy saved", _ => SaveAsync(follower), _stopping.Token), CancellationToken.None),
        ];

        // Without a copy on disk there is nothing to serve, so wait for etcd. A reachable etcd answers within this time.
        if (copy.ClusterId == 0)
        {
            try
            {
                await follower.Synced.Task.WaitAsync(_attempt, _time, cancellationToken).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                LogNoCopy(_attempt.TotalSeconds);
            }
        }
    }

    public Task<IntentReplica> WaitForChangeAsync(long knownIndex, CancellationToken cancellationToken) =>
        _cell.WaitAsync(replica => replica.AppliedIndex > knownIndex, cancellationToken);

    public async Task<IntentReplica> ReadAsync(CancellationToken cancellationToken)
    {
        using var limits = Limit(cancellationToken);
        var request = new RangeRequest { Key = _keys.Revision, KeysOnly = true };
        while (true)
        {
            try
            {
                var response = await _cluster.ReadAsync(request, limits.Token).ConfigureAwait(false);
                var revision = response.Kvs is [var kv, ..] ? kv.ModRevision : 0;
                return await _cell.WaitAsync(replica => replica.AppliedIndex >= revision, limits.Token).ConfigureAwait(false);
            }
            catch (EtcdCallException exception)
            {
                if (exception.Fault == EtcdFault.Refused)
                    throw Refusal(exception);
                await limits.BackOffAsync(exception).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                throw limits.Unavailable("The intent log cannot be read", outcomeUnknown: false);
            }
        }
    }

    public async Task<IntentOutcome> ChangeAsync(IntentChange change, CancellationToken cancellationToken)
    {
        IntentRules.Check(change);

        // The local copy may lack changes that were acknowledged elsewhere. So read the log itself before a change is refused.
        if (_rule(change, Current) is not null && _rule(change, await ReadAsync(cancellationToken).ConfigureAwait(false)) is { } mistake)
            throw new ArgumentException(mistake);
        using var limits = Limit(cancellationToken);

        // Whether an attempt may still be on its way.
        var unknown = false;
        while (true)
        {
            try
            {
                limits.Token.ThrowIfCancellationRequested();
                if (Volatile.Read(ref _estranged) is { } estranged)
                    throw new EtcdCallException(EtcdFault.NotTaken, estranged);
                var lease = await _lease.GetAsync(limits.Attempt, limits.Token).ConfigureAwait(false);
                var (known, revision) = await AttemptAsync(change, lease).ConfigureAwait(false);
                if (known is not { } outcome)
                    continue;

                // The outcome is decided. But the caller must also find the change in the local copy.
                unknown |= outcome.Made;
                await _cell.WaitAsync(replica => replica.AppliedIndex >= revision, limits.Token).ConfigureAwait(false);
                return outcome;
            }
            catch (EtcdCallException exception)
            {
                if (exception.Fault == EtcdFault.Refused)
                    throw Refusal(exception, unknown);
                await limits.BackOffAsync(exception).ConfigureAwait(false);
            }
            catch (OperationCanceledException exception)
            {
                throw limits.Unavailable("Intent cannot be changed", unknown, exception);
            }
        }

        async Task<(IntentOutcome? Outcome, long Revision)> AttemptAsync(IntentChange change, long lease)
        {
            TxnResponse response;
            var before = unknown;
            unknown = true;
            try
            {
                response = await _cluster.TransactAsync(_transactions.Make(change, lease), limits.Token, limits.Attempt).ConfigureAwait(false);
            }
            catch (EtcdCallException exception) when (exception.Fault != EtcdFault.Unknown)
            {
                unknown = before;
                if (exception.Fault != EtcdFault.LeaseGone)
                    throw;
                _lease.Forget(lease);
                return default;
            }

            unknown = before;
            if (response.Succeeded)
                return (EtcdTransactions.Outcome(new EtcdOperation { Made = true }, response.Header.Revision), response.Header.Revision);
            if (EtcdTransactions.ReadDecided(response, change.Digest) is { } decided)
                return (decided, EtcdTransactions.ReadRevision(response));
            return await RefuseAsync(change, EtcdTransactions.ReadConflict(change, response), lease).ConfigureAwait(false);
        }

        // A failure is stored in etcd before it is returned, so that no attempt that is still on its way can succeed afterwards.
        async Task<(IntentOutcome? Outcome, long Revision)> RefuseAsync(IntentChange change, EtcdOperation failure, long lease)
        {
            try
            {
                var response = await _cluster.TransactAsync(_transactions.Refuse(change.Operation, failure, lease), limits.Token, limits.Attempt).ConfigureAwait(false);
                return response.Succeeded
                    ? (EtcdTransactions.Outcome(failure, 0), failure.Revision)
                    : (EtcdTransactions.ReadDecided(response, change.Digest), EtcdTransactions.ReadRevision(response));
            }
            catch (EtcdCallException exception) when (exception.Fault == EtcdFault.LeaseGone)
            {
                _lease.Forget(lease);
                return default;
            }
        }
    }

    /// <exception cref="NotSupportedException">Always.</exception>
    public Task AddVoterAsync(IntentVoter voter, CancellationToken cancellationToken) =>
        throw new NotSupportedException("The intent log is in etcd, whose members are not Meridian's: add one with 'etcdctl member add', then name it in EtcdEndpoints.");

    /// <exception cref="NotSupportedException">Always.</exception>
    public Task<bool> RemoveVoterAsync(string name, CancellationToken cancellationToken) =>
        throw new NotSupportedException("The intent log is in etcd, whose members are not Meridian's: remove one with 'etcdctl member remove', then take it out of EtcdEndpoints.");

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        await _stopping.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(_loops).ConfigureAwait(false);
        _cluster.Dispose();
    }

    private async Task FollowAsync(EtcdFollower follower)
    {
        var failures = 0;
        while (!_stopping.IsCancellationRequested)
        {
            var applied = Current.AppliedIndex;
            try
            {
                await follower.FollowAsync(3 * _attempt, _time, _stopping.Token).ConfigureAwait(false);
                continue;
            }
            catch (IntentLogException exception)
            {
                if (Interlocked.Exchange(ref _estranged, exception.Message) is null)
                    LogEstranged(exception.Message);
                _cluster.GiveUp(_cluster.Current.Endpoint);
            }
            catch (Exception exception) when (exception is RpcException or OperationCanceledException)
            {
                if (_stopping.IsCancellationRequested)
                    return;
                LogWatchEnded(EtcdFaults.Describe(exception));
            }

            failures = Current.AppliedIndex > applied ? 1 : failures + 1;
            await DelayAsync(EtcdCallLimits.Pauses.After(failures)).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Probes etcd with a read that needs a majority. So operators learn of a lost majority before they need it, and this member leaves an endpoint that has
    /// lost it.
    /// </summary>
    private async Task ProbeAsync()
    {
        var request = new RangeRequest { Key = _keys.Revision, KeysOnly = true };
        var late = 0L;
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                var (endpoint, _) = _cluster.Current;
                var response = await _cluster.ReadAsync(request, _stopping.Token).ConfigureAwait(false);
                var status = await _cluster.TryAsync((at, options) => at.Calls.MaintenanceClient.StatusAsync(new StatusRequest(), options), _stopping.Token).ConfigureAwait(false);
                var members = await _cluster.TryAsync((at, options) => at.Calls.ClusterClient.MemberListAsync(new MemberListRequest(), options), _stopping.Token).ConfigureAwait(false);
                Stand(EtcdStanding.Of(response, status, members));

                // The last probe saw a change that the copy still lacks, so the watch at this endpoint is stuck.
                if (late > Current.AppliedIndex)
                    _cluster.GiveUp(endpoint);
                late = response.Kvs is [var kv, ..] ? kv.ModRevision : 0;
            }
            catch (EtcdCallException exception)
            {
                Stand(Volatile.Read(ref _standing).Lost($"etcd is out of reach, or has no majority ({exception.Message}). Intent cannot be changed until it is back; what is known is served on."));
            }
            catch (OperationCanceledException)
            {
                return;
            }

            await DelayAsync(ProbeEvery).ConfigureAwait(false);
        }
    }

    private async Task SaveAsync(EtcdFollower follower)
    {
        if (_file is null)
            return;
        var saved = follower.Copy;
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                await _cell.WaitAsync(replica => replica.AppliedIndex > saved.AppliedIndex, _stopping.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                break;
            }

            saved = Save(follower.Copy);
            await DelayAsync(SaveEvery).ConfigureAwait(false);
        }

        if (follower.Copy.AppliedIndex > saved.AppliedIndex)
            Save(follower.Copy);

        EtcdReplica Save(EtcdReplica copy)
        {
            try
            {
                _file.Save(copy);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                LogNotSaved(_file.Path, exception.Message);
            }

            return copy;
        }
    }

    private void Stand(EtcdStanding standing)
    {
        var before = Interlocked.Exchange(ref _standing, standing);
        if (standing.Problem is { } problem && before.Problem is null)
            LogLost(problem);
        else if (standing.Reachable && !before.Reachable)
            LogReached(standing.Leader ?? "?", standing.Revision);
    }

    private async Task DelayAsync(TimeSpan delay)
    {
        try
        {
            await Task.Delay(delay, _time, _stopping.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The loop sees it.
        }
    }

    private EtcdCallLimits Limit(CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        if (_loops.Length == 0)
            throw new InvalidOperationException("The intent log has not been started.");
        return new EtcdCallLimits(_attempt, _time, _stopping.Token, cancellationToken);
    }

    private static IntentLogException Refusal(EtcdCallException exception, bool outcomeUnknown = false)
    {
        var message = $"etcd refuses: {exception.Message}";
        return EtcdFaults.IsFull(exception.InnerException) || outcomeUnknown
            ? new IntentUnavailableException(message, exception) { OutcomeUnknown = outcomeUnknown }
            : new IntentLogException(message, exception);
    }
}
