namespace Meridian.Inference.Packages;

/// <param name="Path">Relative, with <c>/</c>.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Sha256">Lower-case hex.</param>
public sealed record ModelFile(string Path, long Size, string Sha256);
