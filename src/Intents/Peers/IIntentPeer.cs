namespace Meridian.Intents.Peers;

/// <summary>A member as the others reach it. All but <see cref="StateAsync"/> is for the leader; others answer <see cref="PeerCode.NotLeader"/>.</summary>
internal interface IIntentPeer
{
    Task<PeerReply> ChangeAsync(PeerChange request, CancellationToken cancellationToken);

    Task<PeerReply> BarrierAsync(PeerBarrier request, CancellationToken cancellationToken);

    Task<PeerReply> AddVoterAsync(PeerAddVoter request, CancellationToken cancellationToken);

    Task<PeerReply> RemoveVoterAsync(PeerRemoveVoter request, CancellationToken cancellationToken);

    Task<PeerState> StateAsync(PeerStateRequest request, CancellationToken cancellationToken);
}
