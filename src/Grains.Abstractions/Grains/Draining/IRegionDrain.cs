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
    /// Tells what a silo does and learns what is drained: at once where the revision is another than the known one, else after a second at most, and after a fraction of it while
    /// anything is drained.
    /// </summary>
    /// <param name="work">Of the calling silo, or null from a process without one.</param>
    /// <param name="knownRevision">Of the last answer, 0 for none.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    [Alias("Report"), AlwaysInterleave]
    Task<DrainOverview> Report(SiloWork? work, long knownRevision, CancellationToken cancellationToken = default);
}
