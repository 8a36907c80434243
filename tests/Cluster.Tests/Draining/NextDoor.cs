using System.Net.Sockets;

namespace Meridian.Cluster.Tests.Draining;

/// <summary>
/// What a load balancer does before several front doors: one that announces its end (<c>connection: close</c>) gets nothing more, and where one refuses the connection, the next is tried.
/// Nothing else is sent again: a request that was taken and broke off has failed.
/// </summary>
public sealed class NextDoor(HttpMessageHandler inner, params Uri[] doors) : DelegatingHandler(inner)
{
    private int _current;
    private int _moves;

    /// <value>How often it turned to another door.</value>
    public int Moves => _moves;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var path = request.RequestUri!.PathAndQuery;
        for (var attempt = 1; ; attempt++)
        {
            var used = Volatile.Read(ref _current);
            request.RequestUri = new Uri(doors[used % doors.Length], path);
            try
            {
                var response = await base.SendAsync(request, cancellationToken);
                if (response.Headers.ConnectionClose == true && Interlocked.CompareExchange(ref _current, used + 1, used) == used) Interlocked.Increment(ref _moves);
                return response;
            }
            catch (HttpRequestException e) when (e.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionRefused } && attempt < 2 * doors.Length)
            {
                Interlocked.Increment(ref _moves);
                Interlocked.CompareExchange(ref _current, used + 1, used);
            }
        }
    }
}
