namespace Meridian.Federation.Directory;

/// <summary>The observer's current snapshot.</summary>
public interface IRegionDirectory
{
    DirectorySnapshot Current { get; }
}
