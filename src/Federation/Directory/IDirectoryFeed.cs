namespace Meridian.Federation.Directory;

/// <summary>The directory for those who wait for it to change.</summary>
public interface IDirectoryFeed : IRegionDirectory
{
    /// <summary>Completes with the current snapshot as soon as it is not <paramref name="known"/>. A new one comes with every change and with every beat.</summary>
    Task<DirectorySnapshot> WaitForChangeAsync(DirectorySnapshot known, CancellationToken cancellationToken);
}
