using System.Net;
using Grpc.Core;
using Grpc.Net.Client;

namespace Meridian.Intents.Wire;

/// <summary>
/// A connection to a region for one purpose: infer, open, heartbeat, watch, or consensus. Each purpose has its own connection, so that none waits behind the
/// bytes of another.
/// </summary>
public sealed class WireChannel : IDisposable
{
    /// <summary>
    /// A batch of embeddings has megabytes. With the default window of 64 KiB, each of its first round trips over an ocean would carry only 64 KiB.
    /// </summary>
    public const int BulkWindowBytes = 1024 * 1024;

    /// <summary>
    /// How far a stream may be ahead of its reader: the minimum of HTTP/2, some thousand tokens. A small window makes the sequences of a stopped reader stop.
    /// For a reader that keeps up, the handler enlarges the window where the round trip needs it.
    /// </summary>
    public const int StreamWindowBytes = 65_535;

    private readonly HttpClient _http;
    private readonly GrpcChannel _channel;

    /// <param name="address">Address of the region, for example <c>http://127.0.0.1:8190</c>.</param>
    /// <param name="options">Limits of the connection.</param>
    /// <param name="windowBytes">Bytes that the other side may send before they are read.</param>
    public WireChannel(Uri address, WireOptions options, int windowBytes = BulkWindowBytes)
    {
        var handler = new SocketsHttpHandler
        {
            EnableMultipleHttp2Connections = true,
            ConnectTimeout = options.ConnectTimeout,
            PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
            PooledConnectionLifetime = Timeout.InfiniteTimeSpan,
            KeepAlivePingDelay = TimeSpan.FromSeconds(10),

            // Long: the liveness check finds a dead region much earlier. This timeout only closes a connection whose failure nothing else would notice.
            KeepAlivePingTimeout = TimeSpan.FromSeconds(20),
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,

            InitialHttp2StreamWindowSize = windowBytes,
            ActivityHeadersPropagator = null,
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
        };

        // Pass an HttpClient, not a handler. With a bare handler the channel connects, polls and backs off by itself (1 s and more after a refusal), which
        // would keep a region that restarts in half a second out of service.
        _http = new HttpClient(handler, disposeHandler: true) { Timeout = Timeout.InfiniteTimeSpan };
        _channel = GrpcChannel.ForAddress(address, new GrpcChannelOptions
        {
            HttpClient = _http,
            DisposeHttpClient = false,
            MaxReceiveMessageSize = options.MaxMessageBytes,
            MaxSendMessageSize = options.MaxMessageBytes,
            MaxRetryAttempts = null,
            MaxRetryBufferSize = null,
            MaxRetryBufferPerCallSize = null,
            DisableResolverServiceConfig = true,
            ThrowOperationCanceledOnCancellation = true,
        });
        Invoker = _channel.CreateCallInvoker();
    }

    public CallInvoker Invoker { get; }

    public void Dispose()
    {
        _channel.Dispose();
        _http.Dispose();
    }
}
