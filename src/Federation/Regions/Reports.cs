using Meridian.Routing.Attempts;

namespace Meridian.Federation.Regions;

/// <summary>Passive signals: failures of real requests.</summary>
public interface IFailureReports
{
    /// <summary>
    /// A request to this incarnation failed in transport. Not evidence of death by itself, but a reason to knock at once: a refused knock is.
    /// Returns at once; reports about an older incarnation are ignored.
    /// </summary>
    void ReportFailure(string region, long incarnation);
}

/// <summary>What other processes say of themselves. A hint, not evidence: it only makes an observer look at once.</summary>
public interface IPeerHints
{
    /// <summary>A process of this region and incarnation has spoken to us.</summary>
    void HeardFrom(string region, long incarnation);
}

/// <summary>Passive signals: what became of real requests.</summary>
public interface IAttemptReports
{
    /// <summary>Counts an attempt that has ended. Returns at once and allocates nothing while the breaker is closed; outcomes of an older incarnation are ignored.</summary>
    /// <param name="region">Region that was asked.</param>
    /// <param name="incarnation">Its incarnation when the attempt began.</param>
    /// <param name="outcome">How it ended.</param>
    void Report(string region, long incarnation, AttemptOutcome outcome);
}
