using System.Net.Sockets;
using Grpc.Core;
using MessagePack;

namespace Meridian.Federation.Protocol;

/// <summary>Reads a transport's exception.</summary>
internal static class TransportFaults
{
    /// <summary>One line: gRPC's own message carries the whole exception below it.</summary>
    public static string Describe(Exception exception) => exception is RpcException rpc ? $"{rpc.StatusCode}: {rpc.Status.Detail}" : exception.Message;

    public static TransportFault Classify(Exception exception)
    {
        var status = exception is RpcException rpc ? rpc.StatusCode : StatusCode.Unavailable;
        for (var cause = exception; cause is not null; cause = cause is RpcException r ? r.Status.DebugException ?? r.InnerException : cause.InnerException)
        {
            switch (cause)
            {
                case SocketException socket:
                    return socket.SocketErrorCode switch
                    {
                        SocketError.ConnectionRefused => TransportFault.Refused,
                        SocketError.ConnectionReset or SocketError.ConnectionAborted or SocketError.Shutdown or SocketError.OperationAborted => TransportFault.Broken,
                        _ => TransportFault.Unreachable,
                    };
                case MessagePackSerializationException:
                    return TransportFault.Incompatible;
                case HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError } when cause.InnerException is null:
                    return TransportFault.Unreachable;
                case HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError } when cause.InnerException is OperationCanceledException or TimeoutException:
                    return TransportFault.Unreachable;
                case TimeoutException:
                    return TransportFault.Unreachable;
            }
        }

        return status switch
        {
            StatusCode.ResourceExhausted => TransportFault.TooLarge,
            StatusCode.Unimplemented or StatusCode.DataLoss or StatusCode.Internal or StatusCode.Unauthenticated or StatusCode.PermissionDenied => TransportFault.Incompatible,
            _ => TransportFault.Broken,
        };
    }
}
