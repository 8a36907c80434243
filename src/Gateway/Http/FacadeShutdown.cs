namespace Meridian.Gateway.Http;

/// <summary>
/// The shutdown of a facade. First the facade announces it: it reports not ready, and asks each caller to close the connection with the answer. Load
/// balancers and callers can then go elsewhere before the facade stops listening.
/// Requests in progress go on. At the very end, streams that still run are ended with an error that gives the reason.
/// </summary>
public sealed class FacadeShutdown : IDisposable
{
    private readonly CancellationTokenSource _streamsEnd = new();
    private volatile bool _begun;

    /// <value>Whether the shutdown has begun.</value>
    public bool HasBegun => _begun;

    /// <value>Fires when all streams must end.</value>
    public CancellationToken StreamsEnd => _streamsEnd.Token;

    public void Begin() => _begun = true;

    public void End()
    {
        _begun = true;
        _streamsEnd.Cancel();
    }

    public void Dispose() => _streamsEnd.Dispose();
}
