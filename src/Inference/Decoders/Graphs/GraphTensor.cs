using System.Globalization;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Meridian.Inference.Decoders.Graphs;

/// <summary>An input or output as a graph declares it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">The element type; ONNX and ONNX Runtime number them alike.</param>
/// <param name="Dimensions">Each a length, or -1 where it is symbolic; null where no shape is given.</param>
internal sealed record GraphTensor(string Name, TensorElementType Type, long[]? Dimensions)
{
    public override string ToString() =>
        $"{Name} {Type} [{(Dimensions is null ? "?" : string.Join(", ", Dimensions.Select(d => d < 0 ? "*" : d.ToString(CultureInfo.InvariantCulture))))}]";
}
