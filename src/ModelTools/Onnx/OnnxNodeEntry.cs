namespace Meridian.ModelTools.Onnx;

/// <summary>A node of a file's graph, without its attributes.</summary>
public sealed record OnnxNodeEntry(string Name, string Operator, IReadOnlyList<string> Inputs, IReadOnlyList<string> Outputs);
