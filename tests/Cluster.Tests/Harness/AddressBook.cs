namespace Meridian.Cluster.Tests.Harness;

/// <summary>
/// What a client with several front doors does: sends to the first address, and when that one cannot be reached or breaks off, to the next.
/// Embeddings are idempotent, so a request whose answer was lost may be sent again.
/// </summary>
public sealed class AddressBook(HttpMessageHandler inner, params Uri[] addresses) : DelegatingHandler(inner)
{
    private int _current;
    private int _moves;

    /// <value>How often a request had to go to another address.</value>
    public int Moves => _moves;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var path = request.RequestUri!.PathAndQuery;
        for (var attempt = 1; ; attempt++)
        {
            var used = Volatile.Read(ref _current);
            request.RequestUri = new Uri(addresses[used % addresses.Length], path);
            try
            {
                var response = await base.SendAsync(request, cancellationToken);
                await response.Content.LoadIntoBufferAsync(cancellationToken);
                return response;
            }
            catch (Exception e) when (e is HttpRequestException or IOException && attempt < addresses.Length + 1)
            {
                Interlocked.Increment(ref _moves);
                Interlocked.CompareExchange(ref _current, used + 1, used);
            }
        }
    }
}
