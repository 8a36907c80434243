using Meridian.Routing.Snapshots;

namespace Meridian.Federation.Regions;

/// <summary>The observer's current snapshot.</summary>
public interface IRegionDirectory
{
    DirectorySnapshot Current { get; }
}

/// <summary>The directory, with a way to wait for changes.</summary>
public interface IDirectoryFeed : IRegionDirectory
{
    /// <summary>
    /// Completes with the current snapshot as soon as it is not <paramref name="known"/>. A change of health, incarnation, draining or breaker gives a new
    /// snapshot at once. A change of load, round trip or weight gives a new one at most once a beat.
    /// </summary>
    Task<DirectorySnapshot> WaitForChangeAsync(DirectorySnapshot known, CancellationToken cancellationToken);
}
