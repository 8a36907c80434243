namespace Meridian.Silo.Clustering;

/// <summary>Lets a facade that starts before its region's silos wait for them instead of failing.</summary>
internal sealed partial class WaitForRegion(TimeProvider time, ILogger<WaitForRegion> logger) : IClientConnectionRetryFilter
{
    private bool _told;

    public async Task<bool> ShouldRetryConnectionAttempt(Exception exception, CancellationToken cancellationToken)
    {
        if (!_told)
        {
            LogWaiting(exception.Message);
            _told = true;
        }

        await Task.Delay(TimeSpan.FromSeconds(1), time, cancellationToken);
        return true;
    }
}
