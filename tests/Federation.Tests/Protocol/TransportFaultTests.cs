using System.Net.Sockets;
using Grpc.Core;
using Meridian.Federation.Protocol;
using MessagePack;

namespace Meridian.Federation.Tests.Protocol;

public sealed class TransportFaultTests
{
    public static TheoryData<TransportFault, Exception> Faults => new()
    {
        { TransportFault.Refused, Unavailable(new HttpRequestException(HttpRequestError.ConnectionError, "x", new SocketException((int)SocketError.ConnectionRefused))) },
        { TransportFault.Refused, new SocketException((int)SocketError.ConnectionRefused) },
        { TransportFault.Broken, Unavailable(new IOException("x", new SocketException((int)SocketError.ConnectionReset))) },
        { TransportFault.Broken, Unavailable(null) },
        { TransportFault.Broken, new IOException("the response ended") },
        { TransportFault.Unreachable, Unavailable(new HttpRequestException(HttpRequestError.ConnectionError, "x", new SocketException((int)SocketError.HostUnreachable))) },
        { TransportFault.Unreachable, Unavailable(new HttpRequestException(HttpRequestError.ConnectionError, "x", new TaskCanceledException("x", new TimeoutException()))) },
        { TransportFault.Unreachable, Unavailable(new HttpRequestException(HttpRequestError.NameResolutionError, "x")) },
        { TransportFault.TooLarge, new RpcException(new Status(StatusCode.ResourceExhausted, "x")) },
        { TransportFault.Incompatible, new RpcException(new Status(StatusCode.Unimplemented, "x")) },
        { TransportFault.Incompatible, new RpcException(new Status(StatusCode.Internal, "x", new MessagePackSerializationException("x"))) },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public void An_exception_tells_what_happened_to_the_region(TransportFault expected, Exception exception) =>
        Assert.Equal(expected, TransportFaults.Classify(exception));

    private static RpcException Unavailable(Exception? cause) => cause is null ? new(new Status(StatusCode.Unavailable, "x")) : new(new Status(StatusCode.Unavailable, "x", cause));
}
