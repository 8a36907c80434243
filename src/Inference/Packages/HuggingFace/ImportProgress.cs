namespace Meridian.Inference.Packages.HuggingFace;

/// <summary>How far an import is.</summary>
/// <param name="Stage">What is being done.</param>
/// <param name="Bytes">Bytes done in this stage.</param>
/// <param name="TotalBytes">Bytes of the stage.</param>
public readonly record struct ImportProgress(ImportStage Stage, long Bytes, long TotalBytes);
