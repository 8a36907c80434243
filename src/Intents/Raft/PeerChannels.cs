using System.Collections.Concurrent;
using Grpc.Core;
using Meridian.Intents.Wire;

namespace Meridian.Intents.Raft;

/// <summary>One channel to each member, opened at its first use and kept open.</summary>
internal sealed class PeerChannels(WireOptions options) : IDisposable
{
    private readonly ConcurrentDictionary<Uri, Lazy<WireChannel>> _channels = new();

    /// <exception cref="RpcException">The call failed. <see cref="NotSent"/> tells whether it may have had an effect.</exception>
    public async Task<TReply> CallAsync<TRequest, TReply>(Method<TRequest, TReply> method, Uri address, TRequest request, CancellationToken cancellationToken)
        where TRequest : class
        where TReply : class
    {
        var channel = _channels.GetOrAdd(address, key => new Lazy<WireChannel>(() => new WireChannel(key, options)));
        using var call = channel.Value.Invoker.AsyncUnaryCall(method, null, new CallOptions(cancellationToken: cancellationToken), request);
        return await call.ResponseAsync.ConfigureAwait(false);
    }

    /// <summary>Whether the request had no effect: no connection was made, or the other side does not know the method.</summary>
    public static bool NotSent(RpcException exception)
    {
        if (exception.StatusCode == StatusCode.Unimplemented)
            return true;
        for (var cause = exception.Status.DebugException ?? exception.InnerException; cause is not null; cause = cause.InnerException)
        {
            if (cause is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError })
                return true;
        }

        return false;
    }

    public void Dispose()
    {
        foreach (var channel in _channels.Values)
        {
            if (channel.IsValueCreated)
                channel.Value.Dispose();
        }
    }
}
