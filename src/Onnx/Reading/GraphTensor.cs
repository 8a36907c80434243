using System.Globalization;

namespace Meridian.Onnx.Reading;

/// <summary>An input or output as a graph declares it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">The element type.</param>
/// <param name="Dimensions">The length of each dimension, or -1 if it is symbolic. Null if the graph gives no shape.</param>
public sealed record GraphTensor(string Name, OnnxType Type, long[]? Dimensions)
{
    public override string ToString() =>
        $"{Name} {Type} [{(Dimensions is null ? "?" : string.Join(", ", Dimensions.Select(d => d < 0 ? "*" : d.ToString(CultureInfo.InvariantCulture))))}]";
}
