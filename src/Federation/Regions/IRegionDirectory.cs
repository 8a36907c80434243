using Meridian.Routing.Snapshots;

namespace Meridian.Federation.Regions;

/// <summary>The observer's current snapshot.</summary>
public interface IRegionDirectory
{
    DirectorySnapshot Current { get; }
}

/// <summary>The directory for those who wait for it to change.</summary>
public interface IDirectoryFeed : IRegionDirectory
{
    /// <summary>Completes with the current snapshot as soon as it is not <paramref name="known"/>. A new one comes at once with a change of health, incarnation, draining or breaker, and at most once a beat with one of load, round trip or weight.</summary>
    Task<DirectorySnapshot> WaitForChangeAsync(DirectorySnapshot known, CancellationToken cancellationToken);
}
