using Grpc.Core;
using Meridian.Intents.Wire;

namespace Meridian.Intents.Peers;

/// <summary>
/// What members of the intent log say to each other beside consensus: gRPC with MessagePack on the control listener. Method names and message keys are wire format,
/// listed in <c>wire-contract.txt</c> beside the tests.
/// </summary>
internal static class IntentProtocol
{
    public const string ServiceName = "meridian.v1.Intent";

    /// <summary>A change, to the leader.</summary>
    public static readonly Method<PeerChange, PeerReply> Change = Unary<PeerChange, PeerReply>("Change");

    /// <summary>An index that is not below any change acknowledged before, from the leader.</summary>
    public static readonly Method<PeerBarrier, PeerReply> Barrier = Unary<PeerBarrier, PeerReply>("Barrier");

    public static readonly Method<PeerAddVoter, PeerReply> AddVoter = Unary<PeerAddVoter, PeerReply>("AddVoter");

    public static readonly Method<PeerRemoveVoter, PeerReply> RemoveVoter = Unary<PeerRemoveVoter, PeerReply>("RemoveVoter");

    /// <summary>How a member stands, from any.</summary>
    public static readonly Method<PeerStateRequest, PeerState> State = Unary<PeerStateRequest, PeerState>("State");

    private static Method<TRequest, TReply> Unary<TRequest, TReply>(string name)
        where TRequest : class =>
        new(MethodType.Unary, ServiceName, name, WireFormat.RequestMarshaller<TRequest>(), WireFormat.Marshaller<TReply>());
}
