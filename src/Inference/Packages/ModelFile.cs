namespace Meridian.Inference.Packages;

/// <param name="Path">Path relative to the package, with <c>/</c>.</param>
/// <param name="Size">Size in bytes.</param>
/// <param name="Sha256">SHA-256 in lower-case hexadecimal.</param>
public sealed record ModelFile(string Path, long Size, string Sha256);
