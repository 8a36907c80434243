using Grpc.Core;
using Meridian.Intents.Wire;

namespace Meridian.Intents.Peers;

/// <summary>
/// The protocol between members of the intent log, in addition to consensus: gRPC with MessagePack on the control listener. Method names and message keys are
/// wire format, listed in <c>wire-contract.txt</c> beside the tests.
/// </summary>
internal static class IntentProtocol
{
    public const string ServiceName = "meridian.v1.Intent";

    /// <summary>Sends a change to the leader.</summary>
    public static readonly Method<PeerChange, PeerReply> Change = Unary<PeerChange, PeerReply>("Change");

    /// <summary>Asks the leader for an index that is not below the index of any change acknowledged before.</summary>
    public static readonly Method<PeerBarrier, PeerReply> Barrier = Unary<PeerBarrier, PeerReply>("Barrier");

    public static readonly Method<PeerAddVoter, PeerReply> AddVoter = Unary<PeerAddVoter, PeerReply>("AddVoter");

    public static readonly Method<PeerRemoveVoter, PeerReply> RemoveVoter = Unary<PeerRemoveVoter, PeerReply>("RemoveVoter");

    /// <summary>Asks any member for its state.</summary>
    public static readonly Method<PeerStateRequest, PeerState> State = Unary<PeerStateRequest, PeerState>("State");

    private static Method<TRequest, TReply> Unary<TRequest, TReply>(string name)
        where TRequest : class =>
        new(MethodType.Unary, ServiceName, name, WireFormat.RequestMarshaller<TRequest>(), WireFormat.Marshaller<TReply>());
}
