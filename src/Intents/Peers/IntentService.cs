using Grpc.Core;

namespace Meridian.Intents.Peers;

/// <summary>The server side of <see cref="IntentProtocol"/>.</summary>
internal sealed class IntentService(IIntentLog log)
{
    private readonly IIntentPeer? _peer = log as IIntentPeer;

    public Task<PeerReply> ChangeAsync(PeerChange request, ServerCallContext context) =>
        Answer(peer => peer.ChangeAsync(request, context.CancellationToken), request.From, request.Change);

    public Task<PeerReply> BarrierAsync(PeerBarrier request, ServerCallContext context) =>
        Answer(peer => peer.BarrierAsync(request, context.CancellationToken), request.From);

    public Task<PeerReply> AddVoterAsync(PeerAddVoter request, ServerCallContext context) =>
        Answer(peer => peer.AddVoterAsync(request, context.CancellationToken), request.From, request.Voter);

    public Task<PeerReply> RemoveVoterAsync(PeerRemoveVoter request, ServerCallContext context) =>
        Answer(peer => peer.RemoveVoterAsync(request, context.CancellationToken), request.From, request.Name);

    public Task<PeerState> StateAsync(PeerStateRequest request, ServerCallContext context) =>
        Answer(peer => peer.StateAsync(request, context.CancellationToken), request.From);

    private async Task<T> Answer<T>(Func<IIntentPeer, Task<T>> answer, params object?[] parts)
    {
        if (_peer is null)
            throw new RpcException(new Status(StatusCode.Unimplemented, "This member keeps its intent in an external log."));
        if (Array.IndexOf(parts, null) >= 0)
            throw new RpcException(new Status(StatusCode.InvalidArgument, "The message lacks a part; the sender speaks another version of the protocol."));
        return await answer(_peer).ConfigureAwait(false);
    }
}
