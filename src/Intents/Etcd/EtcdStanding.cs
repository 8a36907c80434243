using Etcdserverpb;

namespace Meridian.Intents.Etcd;

/// <summary>The state of the etcd cluster at the last probe. Immutable.</summary>
internal sealed record EtcdStanding(bool Reachable, string? Leader, long Term, long Revision, IntentVoter[] Voters, string? Problem)
{
    /// <value>The value before the first probe.</value>
    public static EtcdStanding Unknown { get; } = new(false, null, 0, 0, [], null);

    public static EtcdStanding Of(RangeResponse read, StatusResponse status, MemberListResponse members) => new(
        true,
        members.Members.FirstOrDefault(member => member.ID == status.Leader)?.Name,
        (long)status.RaftTerm,
        read.Header.Revision,
        [.. members.Members.Where(member => !member.IsLearner).Select(Voter)],
        null);

    public EtcdStanding Lost(string problem) => this with { Reachable = false, Leader = null, Problem = problem };

    private static IntentVoter Voter(Member member) => new()
    {
        Name = member.Name,
        Consensus = member.PeerURLs is [var peer, ..] && Uri.TryCreate(peer, UriKind.Absolute, out var address) ? address.Authority : "",
        Protocol = member.ClientURLs is [var client, ..] && Uri.TryCreate(client, UriKind.Absolute, out var protocol) ? protocol : new Uri("about:blank"),
    };
}
