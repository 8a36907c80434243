using Orleans.Concurrency;

namespace Meridian.Grains;

/// <summary>
/// The grain face of the region's copy of intent: members, models, tenants as this silo has them. Every silo holds an immutable copy that is swapped whole; the call is answered by
/// the silo that it reaches. A stateless worker, key 0.
/// </summary>
[Alias("meridian.IRegionDirectoryGrain")]
public interface IRegionDirectoryGrain : IGrainWithIntegerKey
{
    /// <summary>The silo's copy, at once.</summary>
    [Alias("Read"), ReadOnly, AlwaysInterleave]
    Task<DirectoryView> Read(CancellationToken cancellationToken = default);

    /// <summary>The first copy with an epoch above <paramref name="knownEpoch"/>, or null when there has been none for ten seconds: ask again.</summary>
    [Alias("WaitForChange"), ReadOnly, AlwaysInterleave]
    Task<DirectoryView?> WaitForChange(long knownEpoch, CancellationToken cancellationToken = default);
}
