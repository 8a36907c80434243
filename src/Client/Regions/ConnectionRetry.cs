namespace Meridian.Client.Regions;

/// <summary>Keeps a starting Orleans client trying until its cluster is there, instead of failing its host.</summary>
internal sealed class ConnectionRetry(Func<Exception, CancellationToken, Task> pause) : IClientConnectionRetryFilter
{
    public async Task<bool> ShouldRetryConnectionAttempt(Exception exception, CancellationToken cancellationToken)
    {
        await pause(exception, cancellationToken).ConfigureAwait(false);
        return true;
    }
}
