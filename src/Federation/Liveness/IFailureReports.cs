namespace Meridian.Federation.Liveness;

/// <summary>Passive signals: failures of real requests.</summary>
public interface IFailureReports
{
    /// <summary>
    /// A request to this incarnation failed in transport. Not evidence of death by itself, but a reason to knock at once: a refused knock is.
    /// Returns at once; reports about an older incarnation are ignored.
    /// </summary>
    void ReportFailure(string region, long incarnation);
}
