using Grpc.Core;
using Meridian.Federation.Directory;
using Meridian.Messages;

namespace Meridian.Federation.Protocol;

/// <summary>
/// The region protocol: gRPC over HTTP/2 with MessagePack messages, defined in code. Method names and message keys are wire format:
/// <c>wire-contract.txt</c> beside the tests lists them, and a change there is a change of the protocol.
/// <para>
/// <c>Infer</c> is unary today. On the wire a unary answer is a server stream of one message, so tokens can stream under the same name later: an old edge
/// reads the first message as the whole answer, a new edge reads an old region's only message as the end of the stream.
/// </para>
/// </summary>
internal static class RegionProtocol
{
    public const string ServiceName = "meridian.v1.Region";

    public static readonly Method<InferRequest, InferReply> Infer =
        new(MethodType.Unary, ServiceName, "Infer", WireFormat.Marshaller<InferRequest>(), WireFormat.Marshaller<InferReply>());

    /// <summary>Beats of the observer, an ack of the region for each. Ends when either side goes.</summary>
    public static readonly Method<Beat, BeatAck> Heartbeat =
        new(MethodType.DuplexStreaming, ServiceName, "Heartbeat", WireFormat.Marshaller<Beat>(), WireFormat.Marshaller<BeatAck>());

    /// <summary>The region's intent, then every newer one.</summary>
    public static readonly Method<WatchRequest, Intent> Watch =
        new(MethodType.ServerStreaming, ServiceName, "Watch", WireFormat.Marshaller<WatchRequest>(), WireFormat.Marshaller<Intent>());
}
