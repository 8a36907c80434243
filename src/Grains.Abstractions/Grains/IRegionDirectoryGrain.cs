using Orleans.Concurrency;

namespace Meridian.Grains;

/// <summary>
/// Gives callers the region's copy of intent: members, models and tenants. Every silo holds an immutable copy, which it replaces as a whole. The silo that a call
/// reaches answers from its own copy. A stateless worker, key 0.
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
