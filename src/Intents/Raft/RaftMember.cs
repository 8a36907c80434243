using System.Net;
using System.Net.Sockets;
using DotNext.IO.Log;
using DotNext.Net.Cluster;
using DotNext.Net.Cluster.Consensus.Raft;
using Meridian.Intents.State;

namespace Meridian.Intents.Raft;

/// <summary>
/// State, log and consensus of a member over one directory, from opening to disposal. After the log failed (a full disk), the directory is opened again as a
/// new <see cref="RaftMember"/>.
/// </summary>
internal sealed class RaftMember : IAsyncDisposable
{
    private readonly ConsensusMembers _storage;
    private readonly DurableLog _log;
    private readonly RaftCluster? _cluster;

    private RaftMember(ReplicatedState state, DurableLog log, ConsensusMembers storage, RaftCluster? cluster, EndPoint self)
    {
        State = state;
        _log = log;
        _storage = storage;
        _cluster = cluster;
        Self = self;
    }

    public ReplicatedState State { get; }

    public EndPoint Self { get; }

    public long CommittedIndex => _log.LastCommittedEntryIndex;

    public long LastIndex => _log.LastEntryIndex;

    public long Term => ((IPersistentState)_log).Term;

    /// <value>The log itself, for tests of its behaviour towards the library.</value>
    internal DurableLog Log => _log;

    /// <value>The voters, including this member if it votes. Empty if consensus does not run.</value>
    public IReadOnlyList<EndPoint> Members => _cluster is null ? [] : [.. _cluster.Members.Select(member => member.EndPoint)];

    public EndPoint? Leader => _cluster?.Leader?.EndPoint;

    /// <value>Whether this member leads and knows all entries that were committed before.</value>
    public bool Leads => Token(static cluster => cluster.LeadershipToken) is { IsCancellationRequested: false };

    /// <value>Whether this member heard from a majority, or from a leader that has one, within the election timeout.</value>
    public bool HasConsensus => Leader is not null && Token(static cluster => cluster.ConsensusToken) is { IsCancellationRequested: false };

    /// <summary>
    /// Opens the directory and, unless <paramref name="offline"/>, takes part in consensus. When it returns, all entries known to be committed are applied.
    /// </summary>
    /// <exception cref="IntentLogException">Data on disk is damaged (the message names the data and the remedy), or the listen address is not
    /// available.</exception>
    public static async Task<RaftMember> OpenAsync(
        MemberDirectory directory, MemberIdentity identity, RaftSettings settings, bool offline, Action<IntentReplica> publish, Action<Exception> unsaved, CancellationToken cancellationToken)
    {
        DurableLog? log = null;
        ConsensusMembers? storage = null;
        RaftCluster? cluster = null;
        try
        {
            ConsensusMembers.Read(directory.Members);
            var state = new ReplicatedState(directory.Snapshots, settings.SnapshotEvery, identity.Generation.Number, publish, unsaved);
            log = new DurableLog(directory.Log, state);
            storage = new ConsensusMembers(directory.Members);
            if (!ConsensusAddress.TryParse(settings.Self.Consensus, out var self))
                throw new IntentLogException($"'{settings.Self.Consensus}' is no consensus address.");
            if (offline)
            {
                await log.InitializeAsync(cancellationToken).ConfigureAwait(false);
            }
            else
            {
                cluster = new RaftCluster(Configure(settings, self, storage)) { AuditTrail = log };
                await cluster.StartAsync(cancellationToken).ConfigureAwait(false);
            }

            return new RaftMember(state, log, storage, cluster, self);
        }
        catch (Exception exception)
        {
            await CloseAsync(cluster, log, storage).ConfigureAwait(false);
            switch (exception)
            {
                case IntentLogException:
                    throw new IntentLogException($"{exception.Message} {directory.Remedy}", exception);
                case IntegrityException or InvalidDataException or EndOfStreamException or ArgumentException:
                    throw new IntentLogException($"The intent log in '{directory.Log}' is damaged: {exception.Message} {directory.Remedy}", exception);
                case SocketException:
                    throw new IntentLogException($"Cannot listen for consensus on {settings.Listen}: {exception.Message} Free the port, or choose another one by IntentLog: Listen.", exception);
                default:
                    throw;
            }
        }
    }

    /// <summary>Appends an entry to the log. Returns when the entry is on the disks of a majority and applied here.</summary>
    /// <exception cref="NotLeaderException">This member does not lead. The entry was not appended and never will be.</exception>
    /// <exception cref="OutcomeUnknownException">The entry may have been committed, or may still be.</exception>
    public async Task<(long Index, IntentOutcome? Outcome)> ProposeAsync(IntentCommand command, CancellationToken cancellationToken)
    {
        var proposal = new Proposal(command);
        var bytes = IntentCommandFormat.Serialize(proposal.Command);
        if (_cluster is null || Token(static cluster => cluster.LeadershipToken) is not { IsCancellationRequested: false } leads)
            throw new NotLeaderException();

        // The leadership token alone is no proof. It is set before the leadership's first entry; until then the log knows the term of an earlier leadership,
        // perhaps another member's. And a greater term of another member is written to disk before this leadership ends. In both cases the two terms differ.
        // The log checks LedTerm once more when it appends.
        var led = _log.LedTerm;
        if (led != Term)
            throw new NotLeaderException();
        var entry = new BinaryLogEntry { Content = bytes, Term = led, Context = proposal };
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, leads);
        try
        {
            await _cluster.ReplicateAsync(entry, either.Token).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            throw new OutcomeUnknownException(exception);
        }

        // The index may hold an entry of another leader that came in between. Then the outcome of this proposal is unknown.
        return proposal.Applied.IsCompletedSuccessfully ? await proposal.Applied.ConfigureAwait(false) : throw new OutcomeUnknownException(null);
    }

    /// <summary>Tells the followers the committed index now, instead of with the next heartbeat.</summary>
    public void Announce() => _ = AnnounceAsync();

    public Task<bool> AddMemberAsync(EndPoint address, CancellationToken cancellationToken) =>
        _cluster?.AddMemberAsync(address, cancellationToken) ?? throw new NotLeaderException();

    public Task<bool> RemoveMemberAsync(EndPoint address, CancellationToken cancellationToken) =>
        _cluster?.RemoveMemberAsync(address, cancellationToken) ?? throw new NotLeaderException();

    /// <summary>Gives up leadership. The members, this one included, elect a leader again.</summary>
    public async Task ResignAsync(CancellationToken cancellationToken)
    {
        if (_cluster is ICluster cluster)
            await cluster.ResignAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Gives up leadership and is no candidate in the election that follows. The library cannot transfer leadership to a chosen successor, but a member in
    /// standby mode is no candidate and still votes. Returns when another member leads, or after <paramref name="patience"/>. In both cases the member can be
    /// elected again.
    /// </summary>
    public async Task StandAsideAsync(TimeSpan patience, TimeProvider time, CancellationToken cancellationToken)
    {
        if (_cluster is null || !Leads)
            return;
        var elected = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        void Watch(ICluster cluster, IClusterMember? leader)
        {
            if (leader is not null && !leader.EndPoint.Equals(Self))
                elected.TrySetResult();
        }

        ICluster cluster = _cluster;
        cluster.LeaderChanged += Watch;
        try
        {
            await ResignAsync(cancellationToken).ConfigureAwait(false);
            await _cluster.EnableStandbyModeAsync(cancellationToken).ConfigureAwait(false);
            await elected.Task.WaitAsync(patience, time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // No other member can lead now. This member as leader is better than no leader.
        }
        finally
        {
            cluster.LeaderChanged -= Watch;
            await _cluster.RevertToNormalModeAsync(CancellationToken.None).ConfigureAwait(false);
        }
    }

    /// <summary>Term of the last entry, 0 for an empty log.</summary>
    public async Task<long> LastTermAsync(CancellationToken cancellationToken)
    {
        var last = LastIndex;
        if (last == 0)
            return 0;
        using var reader = await _log.ReadAsync(last, last, cancellationToken).ConfigureAwait(false);
        return reader[0].Term;
    }

    /// <summary>The failure that stopped this member, or null while it runs.</summary>
    public async ValueTask<Exception?> FailureAsync()
    {
        if (await _log.FailureAsync().ConfigureAwait(false) is { } failure)
            return failure;
        try
        {
            _ = _cluster?.ConsensusToken;
            return null;
        }
        catch (Exception exception) when (exception is not ObjectDisposedException)
        {
            // The library is in a final failed state, because its log refused to store a term or a vote.
            return exception.InnerException ?? exception;
        }
    }

    public async ValueTask DisposeAsync() => await CloseAsync(_cluster, _log, _storage).ConfigureAwait(false);

    private static async Task CloseAsync(RaftCluster? cluster, DurableLog? log, ConsensusMembers? storage)
    {
        if (cluster is not null)
        {
            try
            {
                await cluster.StopAsync(CancellationToken.None).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is ObjectDisposedException or OperationCanceledException or IOException or IntegrityException)
            {
                // Consensus is stopped as far as possible. All acknowledged entries are on disk.
            }

            await cluster.DisposeAsync().ConfigureAwait(false);
        }

        if (log is not null)
            await log.DisposeAsync().ConfigureAwait(false);
        storage?.Dispose();
    }

    private static RaftCluster.TcpConfiguration Configure(RaftSettings settings, EndPoint self, ConsensusMembers storage) => new(settings.Listen)
    {
        PublicEndPoint = self,
        ConfigurationStorage = storage,
        ColdStart = false,
        Standby = settings.Self.Witness,
        LowerElectionTimeout = settings.LowerElectionTimeoutMs,
        UpperElectionTimeout = settings.UpperElectionTimeoutMs,
        HeartbeatThreshold = 0.2,

        // Long, because a whole snapshot must arrive within it; but below the election timeout, because above it a frozen leader was not replaced.
        RequestTimeout = TimeSpan.FromMilliseconds(settings.LowerElectionTimeoutMs * 2 / 3),
        ConnectTimeout = TimeSpan.FromMilliseconds(settings.LowerElectionTimeoutMs / 2),
        LoggerFactory = settings.LoggerFactory,
    };

    private async Task AnnounceAsync()
    {
        try
        {
            if (_cluster is not null)
                await _cluster.ForceReplicationAsync().ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is NotLeaderException or OperationCanceledException or ObjectDisposedException)
        {
            // Another leader announces the committed index with its next heartbeat.
        }
    }

    private CancellationToken? Token(Func<RaftCluster, CancellationToken> which)
    {
        try
        {
            return _cluster is null ? null : which(_cluster);
        }
        catch (Exception)
        {
            // The library throws in its final failed state. FailureAsync gives the reason.
            return null;
        }
    }
}
