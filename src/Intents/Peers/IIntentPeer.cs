namespace Meridian.Intents.Peers;

/// <summary>
/// The requests that other members send to a member. Only the leader handles them, except <see cref="StateAsync"/>; others answer
/// <see cref="PeerCode.NotLeader"/>.
/// </summary>
internal interface IIntentPeer
{
    Task<PeerReply> ChangeAsync(PeerChange request, CancellationToken cancellationToken);

    Task<PeerReply> BarrierAsync(PeerBarrier request, CancellationToken cancellationToken);

    Task<PeerReply> AddVoterAsync(PeerAddVoter request, CancellationToken cancellationToken);

    Task<PeerReply> RemoveVoterAsync(PeerRemoveVoter request, CancellationToken cancellationToken);

    Task<PeerState> StateAsync(PeerStateRequest request, CancellationToken cancellationToken);
}
