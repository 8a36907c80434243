using Meridian.Routing.Attempts;

namespace Meridian.Federation.Regions;

/// <summary>Passive signals: failures of real requests.</summary>
public interface IFailureReports
{
    /// <summary>
    /// A request to this incarnation failed in transport. This alone does not prove that the region is dead, but it is a reason to probe at once; a refused
    /// probe does prove it. Returns at once. Reports about an older incarnation are ignored.
    /// </summary>
    void ReportFailure(string region, long incarnation);
}

/// <summary>Signs of life that other processes send. A sign proves nothing; it only makes the observer look at once.</summary>
public interface IPeerHints
{
    /// <summary>A process of this region and incarnation has sent us a message.</summary>
    void HeardFrom(string region, long incarnation);
}

/// <summary>Passive signals: outcomes of real requests.</summary>
public interface IAttemptReports
{
    /// <summary>
    /// Counts an attempt that has ended. Returns at once and, while the breaker is closed, allocates nothing. Outcomes of an older incarnation are ignored.
    /// </summary>
    /// <param name="region">Region that was asked.</param>
    /// <param name="incarnation">Its incarnation when the attempt began.</param>
    /// <param name="outcome">How it ended.</param>
    void Report(string region, long incarnation, AttemptOutcome outcome);
}
