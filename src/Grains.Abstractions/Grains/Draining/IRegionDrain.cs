using Orleans.Concurrency;

namespace Meridian.Grains.Draining;

/// <summary>What is being drained in this region, agreed by all of its processes. Key 0.</summary>
[Alias("meridian.IRegionDrain")]
public interface IRegionDrain : IGrainWithIntegerKey
{
    /// <summary>Begins a drain; one of the same target is replaced.</summary>
    /// <exception cref="Errors.MeridianException">There is no such silo or replica, it is the last silo, or the store did not take a sticky drain.</exception>
    [Alias("Begin")]
    Task<DrainOverview> Begin(DrainOrder order);

    /// <summary>Takes a drain back; does nothing where there is none.</summary>
    /// <exception cref="Errors.MeridianException">The store did not take the end of a sticky drain.</exception>
    [Alias("End")]
    Task<DrainOverview> End(DrainTarget target);

    [Alias("Read"), AlwaysInterleave]
    Task<DrainOverview> Read(CancellationToken cancellationToken = default);

    /// <summary>
    /// Reports the work of a silo and returns the drains. If the revision differs from the known one, the answer comes at once. Otherwise it comes after at most a
    /// second, or sooner while a drain is active.
    /// </summary>
    /// <param name="work">Work of the calling silo; null if the process has no silo.</param>
    /// <param name="knownRevision">Revision of the last answer; 0 if there was none.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    [Alias("Report"), AlwaysInterleave]
    Task<DrainOverview> Report(SiloWork? work, long knownRevision, CancellationToken cancellationToken = default);
}
