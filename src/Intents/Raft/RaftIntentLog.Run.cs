using Meridian.Intents.Peers;
using Meridian.Intents.State;

namespace Meridian.Intents.Raft;

/// <summary>The loop that moves a member through its phases, and then monitors it.</summary>
public sealed partial class RaftIntentLog
{
    private const string NoMajority = "No majority of the voters is within reach: nothing can be changed, what is known is served.";

    private static readonly TimeSpan PollEvery = TimeSpan.FromSeconds(2);

    private long _polled;
    private string? _fault;
    private string? _superseded;
    private volatile string? _removed;
    private long? _problemSince;
    private bool _problemTold;

    private async Task RunAsync(CancellationToken stop)
    {
        var pace = TimeSpan.FromMilliseconds(Math.Clamp(_options.LowerElectionTimeoutMs / 5, 25, 300));
        while (!stop.IsCancellationRequested)
        {
            try
            {
                _problem = await StepAsync(stop).ConfigureAwait(false);
            }
            catch (Exception exception) when (!stop.IsCancellationRequested)
            {
                // The supervisor starts this loop again.
                _problem = exception.Message;
                Tell(_problem);
                throw;
            }

            Tell(_problem);
            await PauseAsync(pace, stop).ConfigureAwait(false);
        }
    }

    // Logs a problem once, and only if it lasts for _attempt: operators need not know of an election or of a region that is still starting.
    private void Tell(string? problem)
    {
        if (problem is null)
        {
            if (_problemTold)
                LogWorksAgain();
            _problemSince = null;
            _problemTold = false;
            return;
        }

        _problemSince ??= _time.GetTimestamp();
        if (_problemTold || _time.GetElapsedTime(_problemSince.Value) < _attempt)
            return;
        _problemTold = true;
        LogProblem(problem);
    }

    /// <summary>Does the next step for the current phase.</summary>
    /// <returns>The problem that keeps the log from working, or null.</returns>
    private Task<string?> StepAsync(CancellationToken cancellationToken) => (_identity?.Phase, _member) switch
    {
        (MemberPhase.Voter, null) => ReopenAsync(cancellationToken),
        (MemberPhase.Voter, { } member) => WatchAsync(member, cancellationToken),
        (MemberPhase.Joining, { } member) => EnterAsync(member, cancellationToken),
        _ => FoundOrJoinAsync(cancellationToken),
    };

    private async Task<string?> FoundOrJoinAsync(CancellationToken cancellationToken)
    {
        await PollAsync(cancellationToken).ConfigureAwait(false);
        var peers = _peers;
        var own = _identity;
        if (peers.Any(peer => peer.Phase == (int)MemberPhase.Voter))
        {
            // That peer votes already, so it has seen this identity at all founders, this member included.
            if (own is { Phase: MemberPhase.Founding } && peers.Any(peer => peer.Phase == (int)MemberPhase.Voter && peer.Generation == own.Generation))
            {
                await BeginAsync(own.Generation, cancellationToken).ConfigureAwait(false);
                return null;
            }

            return await JoinAsync(cancellationToken).ConfigureAwait(false);
        }

        if (!_configured.Contains(_self))
            return "None of the configured voters that can be reached has a log to let this member into.";
        var missing = _configured.Where(voter => voter != _self && !peers.Any(peer => peer.Name == voter.Name)).Select(voter => $"'{voter.Name}' at {voter.Protocol}").ToList();
        if (missing.Count > 0)
            return $"No log has been founded yet: it takes all configured voters, and {string.Join(" and ", missing)} cannot be reached.";
        var founders = peers.Where(peer => _configured.Any(voter => voter.Name == peer.Name)).ToList();
        if (founders.Find(peer => peer.Founders != _founders) is { } other)
            return $"'{other.Name}' was given other voters ({other.Founders}) than this member ({_founders}). Give all the same IntentLog: Voters.";
        var promised = founders.Where(peer => peer.Phase == (int)MemberPhase.Founding).Select(peer => peer.Generation).Distinct().ToList();
        if (own is { Phase: MemberPhase.Founding })
        {
            if (promised.Exists(generation => generation != own.Generation))
                return $"Members have promised themselves to two different logs that nobody has begun. {_directory!.Remedy}";
            if (promised.Count == 1 && founders.TrueForAll(peer => peer.Phase == (int)MemberPhase.Founding))
                await BeginAsync(own.Generation, cancellationToken).ConfigureAwait(false);
            return null;
        }

        if (promised.Count > 1)
            return "Members have promised themselves to two different logs that nobody has begun: empty the directory of one of them.";
        if (promised.Count == 1)
            Promise(promised[0]);
        else if (_configured.MinBy(voter => voter.Name, StringComparer.Ordinal) == _self)
            Promise(new IntentGeneration { Number = 1, Id = Guid.NewGuid() });
        return null;
    }

    private void Promise(IntentGeneration generation)
    {
        _directory!.Clear();
        Become(MemberPhase.Founding, generation);
    }

    private void Become(MemberPhase phase, IntentGeneration generation)
    {
        var identity = new MemberIdentity { Name = _self.Name, Consensus = _self.Consensus, Phase = phase, Generation = generation };
        _directory!.WriteIdentity(identity);
        _identity = identity;
    }

    // The first quorum consists of all configured voters.
    private async Task BeginAsync(IntentGeneration generation, CancellationToken cancellationToken)
    {
        _directory!.Clear();
        if (_identity is null)
            Become(MemberPhase.Founding, generation);
        ConsensusMembers.Write(_directory.Members, 0, [.. _configured.Select(voter => voter.Consensus)]);
        Become(MemberPhase.Voter, generation);
        LogFounded(generation.Id, _founders);
        await OpenAsync(offline: false, cancellationToken).ConfigureAwait(false);
    }

    private async Task<string?> JoinAsync(CancellationToken cancellationToken)
    {
        Become(MemberPhase.Joining, IntentGeneration.None);
        _directory!.Clear();
        if (await LetInAsync(forget: true, cancellationToken).ConfigureAwait(false) is not { Generation: { } generation })
            return "Waits for the leader to let this member, which has nothing on disk, in: its former self has to be removed first, which takes a majority.";
        Become(MemberPhase.Joining, generation);
        ConsensusMembers.Write(_directory.Members, 0, []);
        await OpenAsync(offline: false, cancellationToken).ConfigureAwait(false);
        return null;
    }

    private async Task<string?> EnterAsync(RaftMember member, CancellationToken cancellationToken)
    {
        if (!member.Members.Contains(member.Self))
        {
            await PollAsync(cancellationToken).ConfigureAwait(false);
            await LetInAsync(forget: false, cancellationToken).ConfigureAwait(false);
        }

        if (!member.Members.Contains(member.Self))
            return "Catches up before it votes.";
        Become(MemberPhase.Voter, _identity!.Generation);
        LogJoined(_identity.Generation.Number, Current.AppliedIndex);
        return null;
    }

    private async Task<PeerReply?> LetInAsync(bool forget, CancellationToken cancellationToken)
    {
        using var bounded = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bounded.CancelAfter(3 * _attempt);
        try
        {
            var request = new PeerAddVoter { From = _self.Name, Voter = _self, Forget = forget };
            return await AtLeaderAsync(IntentProtocol.AddVoter, request, static (log, request, token) => log.AddHereAsync(request, token), 2 * _attempt, bounded.Token).ConfigureAwait(false);
        }
        catch (IntentUnavailableException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }

    private async Task<string?> WatchAsync(RaftMember member, CancellationToken cancellationToken)
    {
        if (_superseded is null && await member.FailureAsync().ConfigureAwait(false) is { } failure)
        {
            _member = null;
            _fault = NoWrites(failure);
            LogFailed(_directory!.Path, failure);
            await member.DisposeAsync().ConfigureAwait(false);
            return _fault;
        }

        if (_time.GetElapsedTime(_polled) >= PollEvery)
        {
            await PollAsync(cancellationToken).ConfigureAwait(false);
            if (IsSuperseded() && _superseded is null)
            {
                _member = null;
                await member.DisposeAsync().ConfigureAwait(false);
                await OpenAsync(offline: true, cancellationToken).ConfigureAwait(false);
                return Superseded();
            }

            if (member.Leads)
                await RelieveAsync(member, cancellationToken).ConfigureAwait(false);
            else
                _progress.Forget();
        }

        if (_superseded is not null || IsSuperseded())
            return Superseded();
        if (member.Leads)
            await RegisterAsync(member, cancellationToken).ConfigureAwait(false);
        _removed = !member.HasConsensus && Array.Find(_peers, Dropped) is { } peer
            ? $"Member '{_self.Name}' was removed from the quorum ('{peer.Name}' says so at index {peer.AppliedIndex}): it forwards changes, and its copy stays as it is. "
                + $"Take it out of service; or let it in again: PUT /admin/api/directory/voters/{_self.Name}, at any region."
            : null;
        return _removed ?? (member.HasConsensus ? null : NoMajority);
    }

    /// <summary>The problem that the last step found. A lost majority that is back since then is no problem any more.</summary>
    private string? ProblemNow(bool hasConsensus)
    {
        var problem = _problem;
        return hasConsensus && ReferenceEquals(problem, NoMajority) ? null : problem;
    }

    private bool Dropped(PeerState peer) =>
        peer.Phase == (int)MemberPhase.Voter && peer.Generation == _identity!.Generation && peer.Leader is not null && peer.AppliedIndex >= Current.AppliedIndex
        && peer.Voters.Length > 0 && !Array.Exists(peer.Voters, voter => voter.Consensus == _self.Consensus);

    // The leader enters into the log, once: the generation that has begun, and the addresses of its members.
    private async Task RegisterAsync(RaftMember member, CancellationToken cancellationToken)
    {
        if (member.State.Generation.Number < _identity!.Generation.Number)
            await HereAsync(new IntentCommand { Generation = _identity.Generation }, cancellationToken).ConfigureAwait(false);
        foreach (var address in member.Members)
        {
            var known = member.State.Voters.Values.Any(voter => ConsensusAddress.TryParse(voter.Consensus, out var each) && each.Equals(address));
            if (!known && FindVoter(member, address) is { } voter)
                await HereAsync(new IntentCommand { Voter = voter }, cancellationToken).ConfigureAwait(false);
        }
    }

    // Resigns if a follower is stuck: a new leader starts to replicate to it from the beginning.
    private async Task RelieveAsync(RaftMember member, CancellationToken cancellationToken)
    {
        var voters = member.Members.Select(address => FindVoter(member, address)?.Name).OfType<string>().ToHashSet(StringComparer.Ordinal);
        if (_progress.Stuck(_peers, voters, Current.AppliedIndex, _time.GetElapsedTime(0)) is not { } stuck)
            return;
        LogStuck(stuck.Name, stuck.Index, stuck.Target);
        _progress.Forget();
        await member.ResignAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task<string?> ReopenAsync(CancellationToken cancellationToken)
    {
        if (!TakesWrites())
            return _fault;
        try
        {
            await PollAsync(cancellationToken).ConfigureAwait(false);
            await OpenAsync(offline: IsSuperseded(), cancellationToken).ConfigureAwait(false);
            _fault = null;
            return null;
        }
        catch (Exception exception) when (exception is IntentLogException or IOException or UnauthorizedAccessException)
        {
            // Every step tries again; each new reason is logged once.
            if (_fault != exception.Message)
                LogStepFailed(exception);
            return _fault = exception.Message;
        }
    }

    private bool TakesWrites()
    {
        // Probe in the folder that the log writes to, with the size of its next possible write: one chunk.
        var probe = Path.Combine(_directory!.Entries, "probe");
        try
        {
            using var file = new FileStream(probe, FileMode.Create, FileAccess.Write, FileShare.None, 4096, FileOptions.DeleteOnClose);
            file.Write(new byte[1 << 20]);
            file.Flush(flushToDisk: true);
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            _fault = NoWrites(exception);
            return false;
        }
    }

    private string NoWrites(Exception exception) =>
        $"The log in '{_directory!.Log}' takes no writes: {exception.Message} This member acknowledges nothing meanwhile. Make room on that disk, or repair it; it takes part again by itself.";

    private bool IsSuperseded() => Array.Exists(_peers, peer => peer.Phase == (int)MemberPhase.Voter && peer.Generation.Number > (_identity?.Generation.Number ?? 0));

    private string Superseded()
    {
        var later = Array.Find(_peers, peer => peer.Phase == (int)MemberPhase.Voter && peer.Generation.Number > _identity!.Generation.Number);
        return _superseded ??= $"'{later?.Name}' went on without this member after a majority was lost (generation {later?.Generation.Number}, here {_identity!.Generation.Number}). "
            + $"What only this member holds was given up; it no longer takes part. Move '{_directory!.Path}' away and start it again: it comes back empty and fetches everything.";
    }

    /// <summary>
    /// Asks every other member for its state. A member that does not answer within a second is missing from <see cref="_peers"/> until the next poll.
    /// </summary>
    private async Task PollAsync(CancellationToken cancellationToken)
    {
        // A late call may run on for up to 5 s: to cancel it would log an error at a peer that is merely slow.
        var asked = Others().Select(voter => AskAsync(voter, cancellationToken)).ToArray();
        await ((Task)Task.WhenAll(asked)).WaitAsync(TimeSpan.FromSeconds(1), cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        var answers = new List<PeerState>();
        foreach (var each in asked)
        {
            if (each.IsCompleted && await each.ConfigureAwait(false) is { } answer)
                answers.Add(answer);
        }

        _peers = [.. answers];
        _polled = _time.GetTimestamp();
    }

    private async Task<PeerState?> AskAsync(IntentVoter voter, CancellationToken cancellationToken)
    {
        using var bounded = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bounded.CancelAfter(TimeSpan.FromSeconds(5));
        try
        {
            var state = await _channels.CallAsync(IntentProtocol.State, voter.Protocol, new PeerStateRequest { From = _self.Name }, bounded.Token).ConfigureAwait(false);
            return state.Name == voter.Name ? state : null;
        }
        catch (Exception exception) when (exception is Grpc.Core.RpcException or OperationCanceledException or ObjectDisposedException)
        {
            return null;
        }
    }
}
