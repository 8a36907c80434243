using System.Net;
using Meridian.Intents.Options;
using Meridian.Intents.Peers;
using Meridian.Intents.State;
using Meridian.Intents.Supervision;
using Meridian.Intents.Wire;
using Microsoft.Extensions.Logging;

namespace Meridian.Intents.Raft;

/// <summary>
/// The intent log on embedded Raft (Ongaro and Ousterhout, 2014; DotNext.Net.Cluster). Each region has one voter.
/// <para>
/// <i>A change</i> goes to the leader, in this process or over <see cref="IntentProtocol"/>, and becomes a log entry. The leader answers with the outcome when
/// a majority has the entry on disk and the leader has applied it. The member that sent the change returns when it has applied the entry, too. An attempt
/// without a known end is repeated under the same operation; the state remembers operations, so the change is made once.
/// </para>
/// <para>
/// <i>A linearizable read</i> appends an entry that changes nothing and waits until this member has applied it. A leader that has lost its leadership and does
/// not know it yet cannot commit that entry, so it cannot answer the read.
/// </para>
/// <para>
/// <i>Founding.</i> A member whose disk was lost must never found a second log. So members with nothing on disk ask each other. Each waits until it has seen
/// all configured voters and none of them has a log. Then the first voter by name draws the identity of a new log, and the others write that identity down one
/// after the other. Each member begins to vote when it has seen all members with that identity. A member with a lost disk sees that others have a log, and
/// joins instead.
/// </para>
/// <para>
/// <i>Joining.</i> A member with nothing on disk that finds a log asks the leader to be let in. The leader first removes the voter at this member's address,
/// because that voter has lost its votes. Only then does the member open its consensus port. It catches up as a listener, and votes when the entry that adds it
/// is committed. If it stops before that, it begins again from nothing.
/// </para>
/// <para>
/// <i>Removed.</i> A removed member sees that the others do not list it as a voter, and reports this as its problem. It gets no more entries. It answers a
/// change with the leader's decision, without waiting for its own copy, and refuses linearizable reads. If it is added again, it continues with the log on its
/// disk.
/// </para>
/// <para>
/// <i>The leader is lost:</i> the other members elect a new one; changes wait for it. <i>A minority is cut off:</i> its members serve their copies; changes
/// there fail at their deadline. <i>A majority is lost:</i> <see cref="RaftRecovery"/> lets one member continue alone, in a new generation. Consensus refuses
/// members of the earlier generation (<see cref="ReplicatedState.Version"/>); they find the later generation at their peers and stop taking part. <i>The disk
/// is full:</i> the log fails, the member acknowledges nothing and leaves consensus. It comes back when the disk takes writes. <i>A follower answers but makes
/// no progress:</i> the leader resigns, because the library can leave a follower stuck behind a snapshot until the leader changes.
/// </para>
/// </summary>
public sealed partial class RaftIntentLog : IIntentLog, IIntentPeer
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);

    private readonly IntentLogOptions _options;
    private readonly IntentVoter _self;
    private readonly IntentVoter[] _configured;
    private readonly string _founders;
    private readonly RaftSettings _settings;
    private readonly TimeProvider _time;
    private readonly ILogger<RaftIntentLog> _logger;
    private readonly PeerChannels _channels;
    private readonly ReplicaFeed _feed = new();
    private readonly SharedBarrier _barrier;
    private readonly SemaphoreSlim _membership = new(1, 1);
    private readonly CancellationTokenSource _stop = new();
    private readonly TimeSpan _attempt;
    private readonly FollowerProgress _progress;
    private readonly ChangeRule _rule;
    private readonly LoopSupervisor _supervisor;
    private MemberDirectory? _directory;
    private Task _run = Task.CompletedTask;

    // Written by StartAsync and then by the loop; read by all threads.
    private volatile MemberIdentity? _identity;
    private volatile RaftMember? _member;
    private volatile string? _problem;
    private volatile PeerState[] _peers = [];

    /// <param name="options">Must be valid (<see cref="IntentLogOptionsValidator"/>).</param>
    /// <param name="wire">Limits of the connections to the other members.</param>
    /// <param name="time">Paces polling and retries. Consensus uses its own clock.</param>
    /// <param name="loggerFactory">Also used by the Raft library.</param>
    /// <param name="supervisor">Runs the member's loop.</param>
    /// <param name="rule">The leader checks each change with it before it proposes the change.</param>
    public RaftIntentLog(IntentLogOptions options, WireOptions wire, TimeProvider time, ILoggerFactory loggerFactory, ChangeRule rule, LoopSupervisor supervisor)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(loggerFactory);
        _options = options;
        _rule = rule;
        _supervisor = supervisor;
        _time = time;
        _logger = loggerFactory.CreateLogger<RaftIntentLog>();
        _channels = new PeerChannels(wire);
        _configured = [.. options.Voters.Select(ToVoter)];
        _self = Array.Find(_configured, voter => voter.Name == options.Self)
            ?? (options.Newcomer is { } newcomer ? ToVoter(newcomer) with { Name = options.Self } : throw new ArgumentException("Self is not one of Voters and Newcomer is not given.", nameof(options)));
        _founders = string.Join(' ', _configured.OrderBy(voter => voter.Name, StringComparer.Ordinal).Select(voter => $"{voter.Name}={voter.Consensus}"));
        _attempt = TimeSpan.FromMilliseconds(Math.Max(5_000, 3 * options.UpperElectionTimeoutMs));
        _progress = new FollowerProgress(TimeSpan.FromMilliseconds(4 * options.UpperElectionTimeoutMs));
        _settings = new RaftSettings
        {
            Self = _self,
            Listen = ListenOn(options.Listen ?? _self.Consensus),
            LowerElectionTimeoutMs = options.LowerElectionTimeoutMs,
            UpperElectionTimeoutMs = options.UpperElectionTimeoutMs,
            SnapshotEvery = options.SnapshotEvery,
            LoggerFactory = loggerFactory,
        };
        _barrier = new SharedBarrier(() => HereAsync(new IntentCommand { Barrier = true }, _stop.Token));
    }

    public IntentReplica Current => _feed.Current;

    public IntentLogStatus Status
    {
        get
        {
            var member = _member;
            var voters = Voters(member);
            var canChange = member is { HasConsensus: true };
            return new IntentLogStatus
            {
                Role = member is null || _identity is not { Phase: MemberPhase.Voter } ? IntentLogRole.Joining : member.Leads ? IntentLogRole.Leader : IntentLogRole.Follower,
                Leader = LeaderName(member),
                CanChange = canChange,
                AppliedIndex = Current.AppliedIndex,
                CommittedIndex = member?.CommittedIndex ?? 0,
                Term = member?.Term ?? 0,
                Voters = voters,
                Problem = ProblemNow(canChange),
            };
        }
    }

    /// <value>The open log and consensus of this member, or null. For tests of the data on disk.</value>
    internal RaftMember? Member => _member;

    /// <value>The generation that this member belongs to. For tests that compare members.</value>
    internal IntentGeneration Generation => _identity?.Generation ?? IntentGeneration.None;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _directory = MemberDirectory.Open(_options.Directory);
        try
        {
            _identity = _directory.ReadIdentity();
            if (_identity is { } identity)
            {
                CheckOwner(identity, _directory);
                if (identity.Consensus != _self.Consensus)
                    await MoveAsync(identity, _directory, cancellationToken).ConfigureAwait(false);
            }

            if (_identity is { Phase: MemberPhase.Voter })
            {
                await PollAsync(cancellationToken).ConfigureAwait(false);
                await OpenAsync(offline: IsSuperseded(), cancellationToken).ConfigureAwait(false);
            }
            else if (_configured is [var only] && only == _self)
            {
                await BeginAsync(new IntentGeneration { Number = 1, Id = Guid.NewGuid() }, cancellationToken).ConfigureAwait(false);
            }
        }
        catch
        {
            _directory.Dispose();
            throw;
        }

        _run = Task.Run(() => _supervisor.RunAsync("intent log", RunAsync, _stop.Token, LongestPause), CancellationToken.None);
    }

    public Task<IntentReplica> WaitForChangeAsync(long knownIndex, CancellationToken cancellationToken) => _feed.WaitAsync(knownIndex + 1, cancellationToken);

    public async Task<IntentReplica> ReadAsync(CancellationToken cancellationToken)
    {
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stop.Token);
        var reply = await AtLeaderAsync(IntentProtocol.Barrier, new PeerBarrier { From = _self.Name }, static (log, _, _) => log.BarrierHereAsync(), _attempt, ends.Token).ConfigureAwait(false);
        return await AppliedAsync(reply, change: false, ends.Token).ConfigureAwait(false);
    }

    public async Task<IntentOutcome> ChangeAsync(IntentChange change, CancellationToken cancellationToken)
    {
        IntentRules.Check(change);
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stop.Token);
        var request = new PeerChange { From = _self.Name, Change = change };
        var reply = await AtLeaderAsync(IntentProtocol.Change, request, static (log, request, token) => log.ChangeHereAsync(request.Change, token), _attempt, ends.Token).ConfigureAwait(false);
        await AppliedAsync(reply, change: true, ends.Token).ConfigureAwait(false);
        return reply.Outcome ?? throw new IntentLogException("The leader answered a change without an outcome; it runs another version of the protocol.");
    }

    public async Task AddVoterAsync(IntentVoter voter, CancellationToken cancellationToken)
    {
        IntentRules.Check(voter);
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stop.Token);
        var request = new PeerAddVoter { From = _self.Name, Voter = voter };
        await AtLeaderAsync(IntentProtocol.AddVoter, request, static (log, request, token) => log.AddHereAsync(request, token), 3 * _attempt, ends.Token).ConfigureAwait(false);
    }

    public async Task<bool> RemoveVoterAsync(string name, CancellationToken cancellationToken)
    {
        IntentRules.CheckVoterName(name);
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stop.Token);
        var request = new PeerRemoveVoter { From = _self.Name, Name = name };
        var reply = await AtLeaderAsync(IntentProtocol.RemoveVoter, request, static (log, request, token) => log.RemoveHereAsync(request, token), _attempt, ends.Token).ConfigureAwait(false);
        return !reply.Missing;
    }

    public async ValueTask DisposeAsync()
    {
        if (_stop.IsCancellationRequested)
            return;
        await _stop.CancelAsync().ConfigureAwait(false);
        await _run.ConfigureAwait(false);
        if (_member is { } member)
            await member.DisposeAsync().ConfigureAwait(false);
        _member = null;
        _channels.Dispose();
        _directory?.Dispose();
        _membership.Dispose();
        _stop.Dispose();
    }

    private static IntentVoter ToVoter(IntentVoterOptions options) =>
        new() { Name = options.Name, Consensus = options.Consensus, Protocol = new Uri(options.Protocol), Witness = options.Witness };

    private static IPEndPoint ListenOn(string address) => ConsensusAddress.TryParse(address, out var endPoint)
        ? endPoint as IPEndPoint ?? new IPEndPoint(IPAddress.IPv6Any, ((DnsEndPoint)endPoint).Port)
        : throw new ArgumentException($"'{address}' is no address to listen on; it must be host:port.");

    private void CheckOwner(MemberIdentity identity, MemberDirectory directory)
    {
        if (identity.Name != _self.Name)
            throw new IntentLogException($"'{directory.Path}' belongs to member '{identity.Name}', not to '{_self.Name}'. Give each member a directory of its own by IntentLog: Directory.");
    }

    /// <summary>
    /// Changes the address in the member's directory to the configured one. Consensus knows a member by its address, so a move is safe only if no other member
    /// can disagree: this member is the only voter, or all voters are on this machine and move together (an installation that is started on other ports).
    /// </summary>
    private async Task MoveAsync(MemberIdentity identity, MemberDirectory directory, CancellationToken cancellationToken)
    {
        var voters = identity.Phase == MemberPhase.Voter ? ConsensusMembers.Read(directory.Members) : [];
        var together = voters.Count == _configured.Length && _configured.Contains(_self) && voters.All(IsHere)
            && _configured.All(voter => ConsensusAddress.TryParse(voter.Consensus, out var address) && IsHere(address));
        if (voters.Count != 1 && !together)
        {
            throw new IntentLogException(
                $"'{directory.Path}' belongs to '{identity.Name}' at {identity.Consensus}, which now is to be at {_self.Consensus}. Consensus knows a member by its address: give it its address back; "
                + $"or have the others remove '{identity.Name}', move the directory away and start again.");
        }

        var member = await RaftMember.OpenAsync(directory, identity, _settings, offline: true, static _ => { }, static _ => { }, cancellationToken).ConfigureAwait(false);
        long last;
        await using (member.ConfigureAwait(false))
            last = member.LastIndex;

        // The identity is written last, so that an interrupted move starts again. The version of the membership is the last index: no membership in the log's
        // tail can then bring the old addresses back.
        ConsensusMembers.Write(directory.Members, last, voters.Count == 1 ? [_self.Consensus] : [.. _configured.Select(voter => voter.Consensus)]);
        _identity = identity with { Consensus = _self.Consensus };
        directory.WriteIdentity(_identity);
        LogMoved(identity.Consensus, _self.Consensus);
    }

    private static bool IsHere(EndPoint address) => address switch
    {
        IPEndPoint ip => IPAddress.IsLoopback(ip.Address),
        DnsEndPoint dns => dns.Host == "localhost",
        _ => false,
    };

    private async Task OpenAsync(bool offline, CancellationToken cancellationToken)
    {
        _member = await RaftMember.OpenAsync(_directory!, _identity!, _settings, offline, _feed.Publish, Unsaved, cancellationToken).ConfigureAwait(false);
        LogOpened(_directory!.Path, _identity!.Phase, _identity.Generation.Number, _feed.Current.AppliedIndex);
    }

    private void Unsaved(Exception exception) => LogUnsaved(_directory!.Snapshots, exception);

    // Waits until this member has applied the index that the leader has applied. A removed member would wait for ever, so it returns; the leader's decision
    // stands.
    private async Task<IntentReplica> AppliedAsync(PeerReply reply, bool change, CancellationToken ends)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(ends);
        var applied = _feed.WaitAsync(reply.Index, waiting.Token);
        while (!applied.IsCompleted && !ends.IsCancellationRequested)
        {
            // Read _removed only once: the member may be let in again at any moment, and then it continues to wait.
            if (_removed is { } removed)
            {
                await waiting.CancelAsync().ConfigureAwait(false);
                return change ? Current : throw new IntentUnavailableException(removed);
            }

            await ((Task)applied).WaitAsync(TimeSpan.FromMilliseconds(100), _time, ends).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        if (applied.IsCompletedSuccessfully)
            return await applied.ConfigureAwait(false);
        await waiting.CancelAsync().ConfigureAwait(false);
        throw new IntentUnavailableException($"The leader has applied the log up to {reply.Index}, member '{_self.Name}' only up to {Current.AppliedIndex}.") { OutcomeUnknown = change };
    }
}
