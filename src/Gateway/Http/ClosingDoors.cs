namespace Meridian.Gateway.Http;

/// <summary>
/// How a facade closes. First it says so: it is not ready, and asks each caller to close the connection with the answer, so that balancers and callers go elsewhere before it stops
/// listening. What has begun goes on. At the very end, streams that still run are ended with an error that says why, rather than cut.
/// </summary>
public sealed class ClosingDoors : IDisposable
{
    private readonly CancellationTokenSource _over = new();
    private volatile bool _begun;

    /// <value>Whether the facade is closing.</value>
    public bool HasBegun => _begun;

    /// <value>Fires when streams are to end.</value>
    public CancellationToken Over => _over.Token;

    public void Begin() => _begun = true;

    public void End()
    {
        _begun = true;
        _over.Cancel();
    }

    public void Dispose() => _over.Dispose();
}
