namespace Meridian.Onnx.Writing;

/// <summary>A tensor that flows through a graph: an input, an initializer or a node's output.</summary>
public readonly record struct OnnxValue(string Name)
{
    /// <value>Stands where an operator's optional input is left out.</value>
    public static OnnxValue None { get; } = new("");
}
