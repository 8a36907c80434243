namespace Meridian.Inference.Packages;

/// <summary>A model on disk: a directory with a manifest. Opening it checks the manifest, loading it checks the files.</summary>
/// <param name="Directory">Absolute path.</param>
/// <param name="Manifest">Its <c>manifest.json</c>.</param>
public sealed record ModelPackage(string Directory, ModelManifest Manifest);
