using System.Net;
using DotNext.Net.Cluster.Consensus.Raft;
using Grpc.Core;
using Meridian.Intents.Peers;
using Meridian.Intents.State;
using Meridian.Intents.Wire;
using Meridian.Timing;

namespace Meridian.Intents.Raft;

/// <summary>Sends requests to the leader, and handles them when this member leads.</summary>
public sealed partial class RaftIntentLog
{
    private static readonly Backoff Pauses = new(TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(200));

    Task<PeerReply> IIntentPeer.ChangeAsync(PeerChange request, CancellationToken cancellationToken)
    {
        try
        {
            IntentRules.Check(request.Change);
        }
        catch (ArgumentException exception)
        {
            return Task.FromResult(new PeerReply { Code = PeerCode.Refused, Message = exception.Message });
        }

        return AnnouncedAsync(ChangeHereAsync(request.Change, cancellationToken));
    }

    Task<PeerReply> IIntentPeer.BarrierAsync(PeerBarrier request, CancellationToken cancellationToken) => AnnouncedAsync(BarrierHereAsync());

    Task<PeerReply> IIntentPeer.AddVoterAsync(PeerAddVoter request, CancellationToken cancellationToken)
    {
        try
        {
            IntentRules.Check(request.Voter);
        }
        catch (ArgumentException exception)
        {
            return Task.FromResult(new PeerReply { Code = PeerCode.Refused, Message = exception.Message });
        }

        return AddHereAsync(request, cancellationToken);
    }

    Task<PeerReply> IIntentPeer.RemoveVoterAsync(PeerRemoveVoter request, CancellationToken cancellationToken) => RemoveHereAsync(request, cancellationToken);

    Task<PeerState> IIntentPeer.StateAsync(PeerStateRequest request, CancellationToken cancellationToken)
    {
        var member = _member;
        var replica = Current;
        var identity = _identity;
        return Task.FromResult(new PeerState
        {
            Name = _self.Name,
            Phase = (int)(identity?.Phase ?? MemberPhase.Empty),
            Generation = identity?.Generation ?? IntentGeneration.None,
            AppliedIndex = replica.AppliedIndex,
            CommittedIndex = member?.CommittedIndex ?? 0,
            Revision = replica.Revision,
            Hash = request.Hash ? replica.Hash() : "",
            Term = member?.Term ?? 0,
            Leader = LeaderName(member),
            Voters = Voters(member),
            Founders = _founders,
            Listens = member is { Members.Count: > 0 } || identity is { Phase: MemberPhase.Joining } && member is not null,
            Problem = ProblemNow(member is { HasConsensus: true }),
        });
    }

    /// <summary>Asks the leader, in this process or at another member. Retries until the leader has answered or <paramref name="ends"/> fires.</summary>
    private async Task<PeerReply> AtLeaderAsync<TRequest>(
        Method<TRequest, PeerReply> method, TRequest request, Func<RaftIntentLog, TRequest, CancellationToken, Task<PeerReply>> here, TimeSpan patience, CancellationToken ends)
        where TRequest : class
    {
        var unknown = false;
        var reason = "no leader is known";
        string? hint = null;
        for (var attempt = 0; ; attempt++)
        {
            if (_superseded is { } superseded)
                throw new IntentUnavailableException(superseded) { OutcomeUnknown = unknown };
            if (ends.IsCancellationRequested)
            {
                var done = unknown ? " It may have been made all the same, or may still be." : "";
                throw new IntentUnavailableException($"The intent log took no request of member '{_self.Name}': {reason}.{done}") { OutcomeUnknown = unknown };
            }

            using var bounded = CancellationTokenSource.CreateLinkedTokenSource(ends);
            bounded.CancelAfter(patience);
            try
            {
                var member = _member;
                PeerReply? reply = null;
                if (member is { Leads: true })
                    reply = await here(this, request, bounded.Token).ConfigureAwait(false);
                else if (Target(member, hint, attempt) is { } target)
                    reply = await CallAsync(method, target, request, bounded).ConfigureAwait(false);
                hint = null;
                switch (reply?.Code)
                {
                    case PeerCode.Done when Belongs(reply):
                        // An earlier attempt with an unknown end may have removed the voter. So Missing counts only if no such attempt was made.
                        return reply with { Missing = reply.Missing && !unknown };
                    case PeerCode.Done:
                        unknown = true;
                        reason = "the leader that answered belongs to another generation of the log";
                        break;
                    case PeerCode.Refused:
                        throw new ArgumentException(reply.Message);
                    case PeerCode.NotLeader:
                        hint = reply.Leader;
                        reason = reply.Message ?? "no leader is known";
                        break;
                    case PeerCode.Unknown:
                        unknown = true;
                        reason = reply.Message ?? "the leader lost its place before it was done";
                        break;
                }
            }
            catch (RpcException exception)
            {
                unknown |= !PeerChannels.NotSent(exception);
                reason = TransportFaults.Describe(exception);
                hint = null;
            }
            catch (OperationCanceledException)
            {
                unknown = true;
                reason = "the leader did not answer in time";
                hint = null;
            }

            // If a reply has just named the leader, ask it without a pause. Pause on every fourth attempt, because an election takes longer than a few
            // attempts.
            if (hint is null || attempt % 4 == 3)
                await PauseAsync(Pauses.After(attempt + 1), ends).ConfigureAwait(false);
        }
    }

    // An index from another log's generation says nothing about this member's copy.
    private bool Belongs(PeerReply reply) => _identity is not { Phase: MemberPhase.Voter } own || reply.Generation is null || reply.Generation == own.Generation;

    /// <summary>
    /// Asks one member. A frozen leader never answers, so the call ends when this member sees that another member leads. It has no shorter timeout: to ask a
    /// slow leader again and again would make it slower.
    /// </summary>
    private async Task<PeerReply> CallAsync<TRequest>(Method<TRequest, PeerReply> method, IntentVoter target, TRequest request, CancellationTokenSource call)
        where TRequest : class
    {
        var moved = EndWhenMovedAsync(target.Name, LeaderName(_member), call);
        try
        {
            return await _channels.CallAsync(method, target.Protocol, request, call.Token).ConfigureAwait(false);
        }
        finally
        {
            await call.CancelAsync().ConfigureAwait(false);
            await moved.ConfigureAwait(false);
        }
    }

    private async Task EndWhenMovedAsync(string target, string? known, CancellationTokenSource call)
    {
        while (!call.IsCancellationRequested)
        {
            await PauseAsync(TimeSpan.FromMilliseconds(100), call.Token).ConfigureAwait(false);
            if (_member is { HasConsensus: true } member && LeaderName(member) is { } leader && leader != known && leader != target)
                await call.CancelAsync().ConfigureAwait(false);
        }
    }

    private async Task PauseAsync(TimeSpan pause, CancellationToken ends) =>
        await Task.Delay(pause, _time, ends).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    // The hinted or known leader. On odd attempts, or without a known leader, the other members in turn: each of them may know more.
    private IntentVoter? Target(RaftMember? member, string? hint, int attempt)
    {
        var others = Others();
        if (hint is not null && others.Find(voter => voter.Name == hint) is { } hinted)
            return hinted;
        if (attempt % 2 == 0 && LeaderName(member) is { } leader && others.Find(voter => voter.Name == leader) is { } known)
            return known;
        return others.Count == 0 ? null : others[attempt % others.Count];
    }

    // The rule does not judge a repeat of a remembered operation again: the records that the rule looks at may have changed since the first time.
    private Task<PeerReply> ChangeHereAsync(IntentChange change, CancellationToken cancellationToken) =>
        _member is { Leads: true } member && _rule(change, member.State.Replica) is { } mistake && !member.State.Remembers(change.Operation)
            ? Task.FromResult(new PeerReply { Code = PeerCode.Refused, Message = mistake })
            : HereAsync(new IntentCommand { Change = change }, cancellationToken);

    private async Task<PeerReply> HereAsync(IntentCommand command, CancellationToken cancellationToken)
    {
        if (_member is not { } member)
            return NotLeader();
        try
        {
            var (index, outcome) = await member.ProposeAsync(command, cancellationToken).ConfigureAwait(false);
            return new PeerReply { Code = PeerCode.Done, Index = index, Outcome = outcome, Generation = _identity?.Generation };
        }
        catch (NotLeaderException)
        {
            return NotLeader();
        }
        catch (Exception exception) when (exception is OutcomeUnknownException or ObjectDisposedException)
        {
            return new PeerReply { Code = PeerCode.Unknown, Message = exception.Message };
        }
    }

    private Task<PeerReply> BarrierHereAsync() => _barrier.AskAsync();

    // The member that sent the request waits until it has applied the entry. The announcement saves it the wait for the next heartbeat.
    private async Task<PeerReply> AnnouncedAsync(Task<PeerReply> answer)
    {
        var reply = await answer.ConfigureAwait(false);
        if (reply.Code == PeerCode.Done)
            _member?.Announce();
        return reply;
    }

    private async Task<PeerReply> AddHereAsync(PeerAddVoter request, CancellationToken cancellationToken)
    {
        if (!ConsensusAddress.TryParse(request.Voter.Consensus, out var address))
            return new PeerReply { Code = PeerCode.Refused, Message = $"'{request.Voter.Consensus}' is no consensus address." };
        return await ChangeMembershipAsync(
            async (member, token) =>
            {
                // Append an entry of this term first. After it, the membership on disk is the latest decided one, and the new membership is derived from it.
                var entered = await HereAsync(request.Forget ? new IntentCommand { Barrier = true } : new IntentCommand { Voter = request.Voter }, token).ConfigureAwait(false);
                if (entered.Code != PeerCode.Done)
                    return entered;
                if (request.Forget)
                {
                    var old = member.State.Voters.TryGetValue(request.Voter.Name, out var known) && ConsensusAddress.TryParse(known.Consensus, out var before) ? before : address;
                    foreach (var gone in new[] { address, old }.Distinct().Where(each => member.Members.Contains(each)))
                        await member.RemoveMemberAsync(gone, token).ConfigureAwait(false);
                }
                else if (!member.Members.Contains(address) && !await member.AddMemberAsync(address, token).ConfigureAwait(false) && !member.Members.Contains(address))
                {
                    return NotLeader($"'{request.Voter.Name}' could not be reached at {request.Voter.Consensus}, or did not catch up");
                }

                return entered;
            },
            cancellationToken).ConfigureAwait(false);
    }

    private Task<PeerReply> RemoveHereAsync(PeerRemoveVoter request, CancellationToken cancellationToken) => ChangeMembershipAsync(
        async (member, token) =>
        {
            var address = member.Members.FirstOrDefault(each => FindVoter(member, each)?.Name == request.Name);
            var entered = await HereAsync(new IntentCommand { Barrier = true }, token).ConfigureAwait(false);
            if (entered.Code != PeerCode.Done)
                return entered;
            if (address is null)
                return member.State.Voters.ContainsKey(request.Name) ? await HereAsync(new IntentCommand { Left = request.Name }, token).ConfigureAwait(false) : entered with { Missing = true };
            if (member.Members.Count == 1)
                return new PeerReply { Code = PeerCode.Refused, Message = $"'{request.Name}' is the last voter; without it there is no log." };
            if (address.Equals(member.Self))
            {
                // A leader does not remove itself. It lets another member lead, which brings the entry to a majority without this member.
                await member.StandAsideAsync(TimeSpan.FromMilliseconds(2 * _options.UpperElectionTimeoutMs), _time, token).ConfigureAwait(false);
                return NotLeader($"'{request.Name}' led, and gave that up first");
            }

            await member.RemoveMemberAsync(address, token).ConfigureAwait(false);
            return await HereAsync(new IntentCommand { Left = request.Name }, token).ConfigureAwait(false);
        },
        cancellationToken);

    // One membership change at a time: two changes that do not know of each other could lead to two separate majorities.
    private async Task<PeerReply> ChangeMembershipAsync(Func<RaftMember, CancellationToken, Task<PeerReply>> change, CancellationToken cancellationToken)
    {
        if (_member is not { Leads: true } member)
            return NotLeader();
        try
        {
            await _membership.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                return await change(member, cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                _membership.Release();
            }
        }
        catch (Exception exception) when (exception is NotLeaderException or OperationCanceledException or ObjectDisposedException or IOException or RaftProtocolException)
        {
            return new PeerReply { Code = PeerCode.Unknown, Message = exception.Message };
        }
    }

    private PeerReply NotLeader(string? message = null) => new() { Code = PeerCode.NotLeader, Leader = LeaderName(_member), Message = message };

    private string? LeaderName(RaftMember? member) =>
        member?.Leader is { } leader ? FindVoter(member, leader)?.Name : Array.Find(_peers, peer => peer.Leader is not null && member is null)?.Leader;

    private IntentVoter? FindVoter(RaftMember member, EndPoint address) =>
        member.State.Voters.Values.Concat(_configured).Append(_self).FirstOrDefault(voter => ConsensusAddress.TryParse(voter.Consensus, out var known) && known.Equals(address));

    private IntentVoter[] Voters(RaftMember? member)
    {
        if (member is null || _identity is not { Phase: MemberPhase.Voter })
            return [];
        return [.. member.Members
            .Select(address => FindVoter(member, address) ?? new IntentVoter { Name = ConsensusAddress.Format(address), Consensus = ConsensusAddress.Format(address), Protocol = new Uri("http://unknown") })
            .OrderBy(voter => voter.Name, StringComparer.Ordinal)];
    }

    // All members that this member may ask. The log's address book takes precedence over peers' lists and the configuration.
    private List<IntentVoter> Others()
    {
        IEnumerable<IntentVoter> book = _member?.State.Voters.Values ?? [];
        return [.. book.Concat(_peers.SelectMany(peer => peer.Voters)).Concat(_configured).Where(voter => voter.Name != _self.Name).DistinctBy(voter => voter.Name)];
    }
}
