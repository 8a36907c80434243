namespace Meridian.Inference.Packages.HuggingFace;

/// <summary>The progress of an import.</summary>
/// <param name="Stage">The current stage.</param>
/// <param name="Bytes">Bytes done in this stage.</param>
/// <param name="TotalBytes">Total bytes of this stage.</param>
public readonly record struct ImportProgress(ImportStage Stage, long Bytes, long TotalBytes);
