using System.Net;
using Meridian.Intents.Options;
using Meridian.Intents.Peers;
using Meridian.Intents.State;
using Meridian.Intents.Supervision;
using Meridian.Intents.Wire;
using Microsoft.Extensions.Logging;

namespace Meridian.Intents.Raft;

/// <summary>
/// Intent over embedded Raft (Ongaro and Ousterhout, 2014; DotNext.Net.Cluster), one voter a region.
/// <para>
/// <i>A change</i> goes to the leader, here or over <see cref="IntentProtocol"/>, becomes an entry, and its outcome is answered when a majority has the entry on disk and the leader
/// has applied it; the asking member returns when it has applied it, too. An attempt whose end was not seen is repeated under the same operation, which the state remembers.
/// <i>A linearizable read</i> puts an entry that changes nothing into the log and waits until it is applied here: a leader that does not know yet that it lost its place cannot answer it.
/// </para>
/// <para>
/// <i>Founding.</i> Members with nothing on disk ask each other. Only when each has seen all configured voters without a log does the first of them (by name) draw the identity of a log;
/// the others write it down in turn, and each begins to vote when it has seen all with it. So a member whose disk was lost never founds a second log: it sees that others have one.
/// <i>Joining.</i> A member with nothing on disk that finds a log has the leader first remove whoever votes under its address (that one has lost what it had voted for), opens its port
/// only then, is caught up as a listener, and votes when the entry that adds it is committed. It begins again from nothing if it stops before.
/// <i>Removed.</i> It finds itself missing among the voters of the others and says so. It gets no more entries, so it answers a change as the leader decided it, without waiting for its own
/// copy, and refuses linearizable reads. Added again it goes on with what it has on disk.
/// </para>
/// <para>
/// <i>A leader is lost</i>: the rest elects another; changes wait for it. <i>A minority is cut off</i>: it serves its copy; changes there fail when their time is up. <i>A majority is lost</i>:
/// <see cref="RaftRecovery"/> makes one member go on alone, in another generation; members of the earlier one are refused by consensus (<see cref="ReplicatedState.Version"/>), find
/// the later generation at their peers and stop taking part. <i>The disk is full</i>: the log fails, nothing is acknowledged, the member leaves consensus and comes back when the disk
/// takes writes. <i>A follower makes no progress</i> though it is reached: the leader resigns, since the library lets a follower be stuck behind a snapshot until the leader changes.
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

    // Written by the one that starts and by the loop after it, read by all.
    private volatile MemberIdentity? _identity;
    private volatile RaftMember? _member;
    private volatile string? _problem;
    private volatile PeerState[] _peers = [];

    /// <param name="options">Valid (<see cref="IntentLogOptionsValidator"/>).</param>
    /// <param name="wire">Limits of the connections to the other members.</param>
    /// <param name="time">Paces polling and retries; consensus keeps its own time.</param>
    /// <param name="loggerFactory">Also for the library.</param>
    /// <param name="supervisor">Runs the member's loop.</param>
    /// <param name="rule">What the leader asks of a change before it proposes it.</param>
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

    /// <value>What consensus runs on now, for tests of what this member has on disk.</value>
    internal RaftMember? Member => _member;

    /// <value>The state's generation, for tests of what members agree on.</value>
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
    /// Takes the directory to the address that the member is configured with. Consensus knows a member by its address, so this is done only where no other member can hold another
    /// opinion: it votes alone, or all voters are on this machine and move together (an installation that is started on other ports).
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

        // The identity last: a move that breaks off before is begun again. As the version the last index: no membership that the log's tail still holds brings old addresses back.
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

    // Waits until what the leader has applied is applied here. A member that was removed would wait for ever; what the leader decided stands all the same.
    private async Task<IntentReplica> AppliedAsync(PeerReply reply, bool change, CancellationToken ends)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(ends);
        var applied = _feed.WaitAsync(reply.Index, waiting.Token);
        while (!applied.IsCompleted && !ends.IsCancellationRequested)
        {
            // Read once: the member may be let in again at any moment, and then waits on.
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
