namespace Meridian.Client.Regions;

/// <summary>Makes a starting Orleans client retry until its cluster is reachable, instead of failing its host.</summary>
internal sealed class ConnectionRetry(Func<Exception, CancellationToken, Task> pause) : IClientConnectionRetryFilter
{
    public async Task<bool> ShouldRetryConnectionAttempt(Exception exception, CancellationToken cancellationToken)
    {
        await pause(exception, cancellationToken).ConfigureAwait(false);
        return true;
    }
}
