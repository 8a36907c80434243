using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;
using Grpc.Core;

namespace Meridian.Intents.Etcd;

/// <summary>Translates etcd's errors.</summary>
internal static class EtcdFaults
{
    private const string SpaceExceeded = "database space exceeded";

    // gRPC's own limit. etcd sets it a little above its --max-request-bytes.
    private const string LargerThanMax = "message larger than max";

    // Only the texts distinguish errors with the same status code. The texts are part of etcd's API (api/v3rpc/rpctypes) and are the same from 3.4 to 3.6.
    public static EtcdFault Read(RpcException rpc) =>
        rpc.StatusCode switch
        {
            StatusCode.Unavailable when NeverSent(rpc) || Says(rpc, "no leader") => EtcdFault.NotTaken,
            StatusCode.ResourceExhausted when Says(rpc, "too many requests") => EtcdFault.NotTaken,
            StatusCode.ResourceExhausted when Says(rpc, SpaceExceeded) || Says(rpc, LargerThanMax) => EtcdFault.Refused,
            StatusCode.NotFound when Says(rpc, "lease not found") => EtcdFault.LeaseGone,
            StatusCode.InvalidArgument or StatusCode.PermissionDenied or StatusCode.Unauthenticated or StatusCode.Unimplemented or StatusCode.FailedPrecondition
                => EtcdFault.Refused,
            _ => EtcdFault.Unknown,
        };

    /// <summary>Whether etcd refuses all writes until an operator acts.</summary>
    public static bool IsFull(Exception? exception) => exception is RpcException { StatusCode: StatusCode.ResourceExhausted } rpc && Says(rpc, SpaceExceeded);

    /// <summary>Describes the error to operators, with the remedy if they can apply one.</summary>
    public static string Describe(Exception exception)
    {
        if (exception is not RpcException rpc)
            return exception.Message;
        var remedy = rpc.Status.Detail switch
        {
            var detail when detail.Contains(SpaceExceeded, StringComparison.Ordinal) =>
                " Compact and defragment etcd (etcdctl compact, etcdctl defrag), then clear the alarm (etcdctl alarm disarm).",
            var detail when detail.Contains("too many operations", StringComparison.Ordinal) => " Start etcd with --max-txn-ops=512, or split the change.",
            var detail when detail.Contains("request is too large", StringComparison.Ordinal) || detail.Contains(LargerThanMax, StringComparison.Ordinal) => " Start etcd with --max-request-bytes=8388608, or split the change.",
            var detail when detail.Contains("authentication", StringComparison.OrdinalIgnoreCase) => " Users and passwords of etcd are not supported: use client certificates or a network of its own.",
            _ => "",
        };
        return $"{rpc.StatusCode}: {rpc.Status.Detail}{remedy}";
    }

    // Without a connection, the request was never sent.
    private static bool NeverSent(RpcException rpc)
    {
        for (var cause = rpc.Status.DebugException; cause is not null; cause = cause.InnerException)
        {
            if (cause is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError }
                or SocketException { SocketErrorCode: SocketError.ConnectionRefused or SocketError.HostUnreachable or SocketError.NetworkUnreachable or SocketError.HostNotFound })
                return true;
        }

        return false;
    }

    private static bool Says(RpcException rpc, string text) => rpc.Status.Detail.Contains(text, StringComparison.Ordinal);
}

/// <summary>The meaning of a failed call for its change.</summary>
internal enum EtcdFault
{
    /// <summary>The change may have been made, or may still be.</summary>
    Unknown = 0,

    /// <summary>The change did not reach etcd's log. Another member or a later attempt may succeed.</summary>
    NotTaken,

    /// <summary>The lease has ended. Get a new one.</summary>
    LeaseGone,

    /// <summary>etcd refuses the change, and will refuse it until an operator acts.</summary>
    Refused,
}

/// <summary>One attempt at etcd failed.</summary>
[SuppressMessage("Design", "CA1032", Justification = "Always with its meaning.")]
internal sealed class EtcdCallException(EtcdFault fault, string message, Exception? innerException = null) : Exception(message, innerException)
{
    public EtcdFault Fault => fault;
}
