namespace Meridian.Inference.Packages;

/// <summary>The origin of a model's files, for example the resources of a NuGet package.</summary>
public interface IModelSource
{
    /// <value>Name under which the model is installed.</value>
    string Name { get; }

    /// <summary>Writes the files into <paramref name="directory"/> and returns the manifest that describes them, hashes included.</summary>
    Task<ModelManifest> WriteAsync(string directory, CancellationToken cancellationToken);

    /// <summary>
    /// The version that this source would install, if it is known without writing; else null. A known version lets a second start skip the work.
    /// </summary>
    string? KnownVersion { get; }
}
