using Grpc.Core;
using Meridian.Intents.Wire;
using Meridian.Messages;
using Meridian.Routing.Snapshots;

namespace Meridian.Federation.Regions;

/// <summary>
/// The region protocol: gRPC over HTTP/2 with MessagePack messages, defined in code. Method names and message keys are wire format:
/// <c>wire-contract.txt</c> beside the tests lists them, and a change there is a change of the protocol.
/// </summary>
internal static class RegionProtocol
{
    public const string ServiceName = "meridian.v1.Region";

    public const string ControlServiceName = "meridian.v1.Control";

    public static readonly Method<InferRequest, InferReply> Infer =
        new(MethodType.Unary, ServiceName, "Infer", WireFormat.RequestMarshaller<InferRequest>(), WireFormat.Marshaller<InferReply>());

    /// <summary>
    /// The head and the frames of a stream as they come, or a refusal. A refusal is the first message or follows frames. The last message is a refusal or the
    /// frame marked as the end. A region that does not know this method yet has no streams to offer.
    /// </summary>
    public static readonly Method<InferRequest, StreamReply> Open =
        new(MethodType.ServerStreaming, ServiceName, "Open", WireFormat.RequestMarshaller<InferRequest>(), WireFormat.Marshaller<StreamReply>());

    /// <summary>The observer sends beats; the region answers each one with an ack. Ends when either side goes.</summary>
    public static readonly Method<Beat, BeatAck> Heartbeat =
        new(MethodType.DuplexStreaming, ServiceName, "Heartbeat", WireFormat.RequestMarshaller<Beat>(), WireFormat.Marshaller<BeatAck>());

    /// <summary>The region's intent, then every newer one.</summary>
    public static readonly Method<WatchRequest, Intent> Watch =
        new(MethodType.ServerStreaming, ServiceName, "Watch", WireFormat.RequestMarshaller<WatchRequest>(), WireFormat.Marshaller<Intent>());

    /// <summary>The same for the region's own processes, at the control address of the process that keeps the log.</summary>
    public static readonly Method<WatchRequest, Intent> WatchControl =
        new(MethodType.ServerStreaming, ControlServiceName, "Watch", WireFormat.RequestMarshaller<WatchRequest>(), WireFormat.Marshaller<Intent>());
}
