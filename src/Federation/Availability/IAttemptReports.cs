namespace Meridian.Federation.Availability;

/// <summary>Passive signals: what became of real requests.</summary>
public interface IAttemptReports
{
    /// <summary>Counts an attempt that has ended. Returns at once and allocates nothing while the breaker is closed; outcomes of an older incarnation are ignored.</summary>
    /// <param name="region">Region that was asked.</param>
    /// <param name="incarnation">Its incarnation when the attempt began.</param>
    /// <param name="outcome">How it ended.</param>
    void Report(string region, long incarnation, AttemptOutcome outcome);
}
