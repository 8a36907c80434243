namespace Meridian.Onnx.Reading;

/// <summary>An initializer of a graph: its shape, and where its elements are stored.</summary>
/// <param name="Name">Name of the value.</param>
/// <param name="Type">Type of the elements.</param>
/// <param name="Dimensions">Its shape.</param>
/// <param name="File">The file with the elements, relative to the graph's folder; null if the graph's own file stores them.</param>
/// <param name="Offset">The first byte of the elements in that file, or -1 if they are not stored as bytes.</param>
/// <param name="Length">Number of bytes.</param>
public sealed record StoredTensor(string Name, OnnxType Type, IReadOnlyList<long> Dimensions, string? File, long Offset, long Length);
