using System.Net;
using dotnet_etcd;
using dotnet_etcd.interfaces;
using Grpc.Core;
using Grpc.Net.Client;

namespace Meridian.Intents.Etcd;

/// <summary>
/// One member of the etcd cluster, with its own client. The library's balancing over all members is not used, for two reasons: it repeats calls by itself,
/// which hides whether a change may have been made, and it backs off for seconds from a member that is up again.
/// </summary>
internal sealed class EtcdEndpoint : IDisposable
{
    /// <summary>With this header, a member that has lost its leader reports that at once instead of keeping the caller waiting.</summary>
    private static readonly Metadata LeaderWanted = new() { { "hasleader", "true" } };

    private readonly HttpClient _http;
    private readonly GrpcChannel _channel;
    private readonly EtcdClient _client;

    public EtcdEndpoint(Uri address, TimeSpan connectTimeout)
    {
        Address = address;
        _http = new HttpClient(
            new SocketsHttpHandler
            {
                EnableMultipleHttp2Connections = true,
                ConnectTimeout = connectTimeout,
                PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,

                // Not shorter: etcd ends connections whose pings come within 5 s of each other (--grpc-keepalive-min-time).
                KeepAlivePingDelay = TimeSpan.FromSeconds(6),
                KeepAlivePingTimeout = TimeSpan.FromSeconds(3),
                KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
                ActivityHeadersPropagator = null,
                UseProxy = false,
                UseCookies = false,
                AllowAutoRedirect = false,
                AutomaticDecompression = DecompressionMethods.None,
            },
            disposeHandler: true)
        { Timeout = Timeout.InfiniteTimeSpan };
        _channel = GrpcChannel.ForAddress(address, new GrpcChannelOptions
        {
            HttpClient = _http,
            DisposeHttpClient = false,
            MaxReceiveMessageSize = null,
            MaxSendMessageSize = null,
            MaxRetryAttempts = null,
            DisableResolverServiceConfig = true,
        });
        _client = new EtcdClient(_channel.CreateCallInvoker());
    }

    public Uri Address { get; }

    /// <value>Whether the endpoint is known to belong to the right cluster.</value>
    public bool Known { get; set; }

    public IConnection Calls => _client.GetConnection();

    public static CallOptions Options(CancellationToken cancellationToken) => new(LeaderWanted, cancellationToken: cancellationToken);

    public void Dispose()
    {
        _client.Dispose();
        _channel.Dispose();
        _http.Dispose();
    }
}
