using System.Net.Sockets;
using Grpc.Core;
using MessagePack;

namespace Meridian.Intents.Wire;

/// <summary>Interprets exceptions of the transport.</summary>
public static class TransportFaults
{
    /// <summary>Describes the exception in one line. gRPC's own message would contain the whole inner exception.</summary>
    public static string Describe(Exception exception) => exception is RpcException rpc ? $"{rpc.StatusCode}: {rpc.Status.Detail}" : exception.Message;

    /// <summary>
    /// Whether the message exceeds the protocol's limit, so that no other region would accept it either. False if an inner exception names another cause.
    /// </summary>
    public static bool IsTooLarge(Exception exception)
    {
        if (exception is not RpcException { StatusCode: StatusCode.ResourceExhausted })
            return false;
        for (var cause = exception; cause is not null; cause = cause is RpcException rpc ? rpc.Status.DebugException ?? rpc.InnerException : cause.InnerException)
        {
            if (cause is SocketException or TimeoutException or MessagePackSerializationException
                or HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError, InnerException: null }
                or HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError, InnerException: OperationCanceledException })
                return false;
        }

        return true;
    }
}
