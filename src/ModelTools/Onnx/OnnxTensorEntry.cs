namespace Meridian.ModelTools.Onnx;

/// <summary>Where a constant tensor lies.</summary>
/// <param name="Name">Of the value.</param>
/// <param name="Type">Of its elements.</param>
/// <param name="Dimensions">Shape.</param>
/// <param name="File">File that holds the elements.</param>
/// <param name="Offset">First byte in it, or -1 where they are not stored as bytes.</param>
/// <param name="Length">Bytes.</param>
public sealed record OnnxTensorEntry(string Name, OnnxType Type, IReadOnlyList<long> Dimensions, string File, long Offset, long Length);
