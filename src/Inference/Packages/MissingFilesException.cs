namespace Meridian.Inference.Packages;

/// <summary>The files of a version are not in the region's model store. They may come later, so the problem is not permanent.</summary>
public sealed class MissingFilesException(string digest, string message, Exception? inner) : ModelPackageException(digest, message, inner);
