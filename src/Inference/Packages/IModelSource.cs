namespace Meridian.Inference.Packages;

/// <summary>Where a model's files come from, for example the resources of a NuGet package.</summary>
public interface IModelSource
{
    /// <value>Name the model is installed under.</value>
    string Name { get; }

    /// <summary>Writes the files into <paramref name="directory"/> and returns the manifest that describes them (hashes included).</summary>
    Task<ModelManifest> WriteAsync(string directory, CancellationToken cancellationToken);

    /// <summary>The version this source would install where that is known without writing (so that a second start does no work), or null.</summary>
    string? KnownVersion { get; }
}
