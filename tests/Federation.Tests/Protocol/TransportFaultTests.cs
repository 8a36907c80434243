using System.Net.Sockets;
using Grpc.Core;
using Meridian.Intents.Wire;
using MessagePack;

namespace Meridian.Federation.Tests.Protocol;

public sealed class TransportFaultTests
{
    public static TheoryData<bool, Exception> Faults => new()
    {
        { false, Unavailable(new HttpRequestException(HttpRequestError.ConnectionError, "x", new SocketException((int)SocketError.ConnectionRefused))) },
        { false, new SocketException((int)SocketError.ConnectionRefused) },
        { false, Unavailable(new IOException("x", new SocketException((int)SocketError.ConnectionReset))) },
        { false, Unavailable(null) },
        { false, new IOException("the response ended") },
        { false, Unavailable(new HttpRequestException(HttpRequestError.ConnectionError, "x", new SocketException((int)SocketError.HostUnreachable))) },
        { false, Unavailable(new HttpRequestException(HttpRequestError.ConnectionError, "x", new TaskCanceledException("x", new TimeoutException()))) },
        { false, Unavailable(new HttpRequestException(HttpRequestError.NameResolutionError, "x")) },
        { true, new RpcException(new Status(StatusCode.ResourceExhausted, "x")) },
        { false, new RpcException(new Status(StatusCode.Unimplemented, "x")) },
        { false, new RpcException(new Status(StatusCode.Internal, "x", new MessagePackSerializationException("x"))) },

        // A cause below outweighs the status.
        { false, TooLarge(new SocketException((int)SocketError.ConnectionRefused)) },
        { false, TooLarge(new HttpRequestException(HttpRequestError.ConnectionError, "x", new TaskCanceledException("x"))) },
        { false, TooLarge(new HttpRequestException(HttpRequestError.NameResolutionError, "x")) },
        { false, TooLarge(new IOException("x", new TimeoutException())) },
        { false, TooLarge(new MessagePackSerializationException("x")) },
        { true, TooLarge(new IOException("x")) },
        { true, TooLarge(new HttpRequestException(HttpRequestError.NameResolutionError, "x", new IOException("x"))) },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public void An_exception_tells_whether_the_message_was_too_large(bool expected, Exception exception) =>
        Assert.Equal(expected, TransportFaults.IsTooLarge(exception));

    private static RpcException TooLarge(Exception cause) => new(new Status(StatusCode.ResourceExhausted, "x", cause));

    private static RpcException Unavailable(Exception? cause) => cause is null ? new(new Status(StatusCode.Unavailable, "x")) : new(new Status(StatusCode.Unavailable, "x", cause));
}
