using System.Net;
using System.Net.Sockets;
using DotNext.IO.Log;
using DotNext.Net.Cluster;
using DotNext.Net.Cluster.Consensus.Raft;
using Meridian.Intents.State;

namespace Meridian.Intents.Raft;

/// <summary>
/// One life of a member: state, log and consensus over one directory, from opening to disposal. A log that failed (a full disk) is opened again as another life.
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

    /// <value>The log itself, for tests of what happens between it and the library.</value>
    internal DurableLog Log => _log;

    /// <value>Who votes, this member included if it does. Empty where consensus does not run.</value>
    public IReadOnlyList<EndPoint> Members => _cluster is null ? [] : [.. _cluster.Members.Select(member => member.EndPoint)];

    public EndPoint? Leader => _cluster?.Leader?.EndPoint;

    /// <value>Whether this member leads and knows all that was committed before.</value>
    public bool Leads => Token(static cluster => cluster.LeadershipToken) is { IsCancellationRequested: false };

    /// <value>Whether a majority, or a leader that speaks for one, was heard within the election time-out.</value>
    public bool HasConsensus => Leader is not null && Token(static cluster => cluster.ConsensusToken) is { IsCancellationRequested: false };

    /// <summary>Opens the directory and, unless <paramref name="offline"/>, takes part in consensus. When it returns, what is known to be committed is applied.</summary>
    /// <exception cref="IntentLogException">Something on disk is damaged; the message names it and the remedy. Or the address to listen on is not to be had.</exception>
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

    /// <summary>Puts an entry into the log. Returns when it is on the disks of a majority and applied here.</summary>
    /// <exception cref="NotLeaderException">This member does not lead: the entry was not made and will not be.</exception>
    /// <exception cref="OutcomeUnknownException">It may have been made, or may still be.</exception>
    public async Task<(long Index, IntentOutcome? Outcome)> ProposeAsync(IntentCommand command, CancellationToken cancellationToken)
    {
        var proposal = new Proposal(command);
        var bytes = IntentCommandFormat.Serialize(proposal.Command);
        if (_cluster is null || Token(static cluster => cluster.LeadershipToken) is not { IsCancellationRequested: false } leads)
            throw new NotLeaderException();

        // A leadership's token comes before the leadership's first entry: until then the log knows the term of an earlier one, perhaps another member's. And another member's greater term
        // is written down before this leadership ends. In both the two terms differ. The log checks its own once more when it appends.
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

        // At that index another entry may stand, of the leader that came in between.
        return proposal.Applied.IsCompletedSuccessfully ? await proposal.Applied.ConfigureAwait(false) : throw new OutcomeUnknownException(null);
    }

    /// <summary>Tells the followers what is committed now rather than with the next heartbeat.</summary>
    public void Announce() => _ = AnnounceAsync();

    public Task<bool> AddMemberAsync(EndPoint address, CancellationToken cancellationToken) =>
        _cluster?.AddMemberAsync(address, cancellationToken) ?? throw new NotLeaderException();

    public Task<bool> RemoveMemberAsync(EndPoint address, CancellationToken cancellationToken) =>
        _cluster?.RemoveMemberAsync(address, cancellationToken) ?? throw new NotLeaderException();

    /// <summary>Gives up leadership; somebody, maybe this member, is elected anew.</summary>
    public async Task ResignAsync(CancellationToken cancellationToken)
    {
        if (_cluster is ICluster cluster)
            await cluster.ResignAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Gives up leadership and does not stand in the election that follows: the library has no transfer to a chosen successor, but keeps a member on standby out of elections, in which
    /// it still votes. Returns when another member leads; or when <paramref name="patience"/> is over, and stands again.
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
            // Nobody else can lead now: better this one again than none.
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

    /// <summary>What stopped this life, or null while it goes on.</summary>
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
            // The library's state that nothing leads out of: its log refused a term or a vote.
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
                // It is stopped as far as it goes; what is acknowledged is on disk.
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

        // Generous, since a snapshot must arrive within it, and below the election time-out: above it a frozen leader was not replaced.
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
            // Another leader announces it with its next heartbeat.
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
            // The library throws where nothing leads out of its state any more; FailureAsync says why.
            return null;
        }
    }
}
