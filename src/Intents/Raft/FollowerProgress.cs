using Meridian.Intents.Peers;

namespace Meridian.Intents.Raft;

/// <summary>
/// Finds a follower that answers its leader but applies nothing although there is something to apply. Such a follower may be stuck behind a snapshot, and the
/// library leaves it stuck until the leader changes. Members that do not vote are ignored: a removed member receives nothing, so its index never changes.
/// </summary>
/// <param name="patience">How long a follower may stay at the same index.</param>
internal sealed class FollowerProgress(TimeSpan patience)
{
    private readonly Dictionary<string, Seen> _seen = new(StringComparer.Ordinal);

    /// <param name="peers">The last known state of the other members.</param>
    /// <param name="voters">Names of the voters.</param>
    /// <param name="applied">The index that the leader has applied.</param>
    /// <param name="now">Time since some fixed moment.</param>
    /// <returns>A follower without progress, with its index and the index that it should have reached; or null.</returns>
    public (string Name, long Index, long Target)? Stuck(IEnumerable<PeerState> peers, IReadOnlySet<string> voters, long applied, TimeSpan now)
    {
        foreach (var name in _seen.Keys.Where(name => !voters.Contains(name)).ToList())
            _seen.Remove(name);
        foreach (var peer in peers)
        {
            if (peer.Phase != (int)MemberPhase.Voter || !peer.Listens || !voters.Contains(peer.Name))
                continue;
            if (!_seen.TryGetValue(peer.Name, out var seen) || peer.AppliedIndex > seen.Index || peer.AppliedIndex >= seen.Target)
                _seen[peer.Name] = new Seen(peer.AppliedIndex, applied, now);
            else if (now - seen.Since > patience)
                return (peer.Name, peer.AppliedIndex, seen.Target);
        }

        return null;
    }

    public void Forget() => _seen.Clear();

    private readonly record struct Seen(long Index, long Target, TimeSpan Since);
}
