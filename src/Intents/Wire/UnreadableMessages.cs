using System.Runtime.CompilerServices;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Microsoft.Extensions.Logging;

namespace Meridian.Intents.Wire;

/// <summary>Answers a message that <see cref="WireFormat.RequestMarshaller"/> could not read with InvalidArgument, and logs it in one line.</summary>
public sealed partial class UnreadableMessages(ILogger<UnreadableMessages> logger) : Interceptor
{
    public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation) =>
        ReferenceEquals(request, Unreadable<TRequest>.Message) ? throw Refusal<TRequest>(context) : continuation(request, context);

    public override Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, ServerStreamingServerMethod<TRequest, TResponse> continuation) =>
        ReferenceEquals(request, Unreadable<TRequest>.Message) ? throw Refusal<TRequest>(context) : continuation(request, responseStream, context);

    public override Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, DuplexStreamingServerMethod<TRequest, TResponse> continuation) =>
        continuation(new ReadableMessages<TRequest>(requestStream, () => Refusal<TRequest>(context)), responseStream, context);

    private RpcException Refusal<TRequest>(ServerCallContext context)
    {
        LogUnreadable(context.Peer, context.Method, typeof(TRequest).Name);
        return new RpcException(new Status(StatusCode.InvalidArgument, $"The message of {context.Method} is no {typeof(TRequest).Name} in MessagePack; the sender speaks another protocol, or another version of this one."));
    }

    [LoggerMessage(2102, LogLevel.Warning, "A message from {Peer} on {Method} is no {Type} and is refused")]
    private partial void LogUnreadable(string peer, string method, string type);

    private sealed class ReadableMessages<T>(IAsyncStreamReader<T> messages, Func<RpcException> refusal) : IAsyncStreamReader<T>
        where T : class
    {
        public T Current => messages.Current;

        public async Task<bool> MoveNext(CancellationToken cancellationToken)
        {
            if (!await messages.MoveNext(cancellationToken).ConfigureAwait(false))
                return false;
            return ReferenceEquals(messages.Current, Unreadable<T>.Message) ? throw refusal() : true;
        }
    }
}

/// <summary>Represents a message that could not be read, because gRPC does not accept null.</summary>
public static class Unreadable<T>
    where T : class
{
    /// <value>Only its reference identifies it. No constructor has run, so its members must not be read.</value>
    public static readonly T Message = (T)RuntimeHelpers.GetUninitializedObject(typeof(T));
}
