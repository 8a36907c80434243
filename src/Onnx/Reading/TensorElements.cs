using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Meridian.Onnx.Reading;

/// <summary>Reads the elements of a stored tensor.</summary>
public static class TensorElements
{
    /// <summary>Reads elements as float32. Elements of type float16 and bfloat16 are converted.</summary>
    /// <param name="tensor">The tensor.</param>
    /// <param name="path">Path of the file that holds its elements.</param>
    /// <exception cref="InvalidDataException">The tensor has another type, or its length is not that of its shape. The message names the tensor.</exception>
    /// <exception cref="IOException">The file cannot be read, or is too short.</exception>
    public static float[] ReadSingle(StoredTensor tensor, string path)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        var size = tensor.Type switch
        {
            OnnxType.Float => sizeof(float),
            OnnxType.Float16 or OnnxType.BFloat16 => 2,
            _ => throw new InvalidDataException(
                $"'{tensor.Name}' is of type {tensor.Type}; weights are read as float32, float16 or bfloat16. Use the model's unquantized export."),
        };
        var shape = string.Join(", ", tensor.Dimensions);
        var count = Count(tensor.Dimensions);
        if (count < 0)
        {
            throw new InvalidDataException(
                $"'{tensor.Name}' has the shape [{shape}]; a tensor that is read may have {Array.MaxLength} elements. Export the model again.");
        }

        if (tensor.Offset < 0 || tensor.Length != count * size)
        {
            throw new InvalidDataException(
                $"'{tensor.Name}' of shape [{shape}] has {tensor.Length} bytes of raw data; {count * size} were expected. Export the model again.");
        }

        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        if (tensor.Length > file.Length - tensor.Offset)
            throw new EndOfStreamException($"{tensor.Length} bytes from {tensor.Offset} are not in its {file.Length}.");
        file.Position = tensor.Offset;
        var values = GC.AllocateUninitializedArray<float>((int)count);
        if (tensor.Type == OnnxType.Float)
        {
            file.ReadExactly(MemoryMarshal.AsBytes(values.AsSpan()));
            return values;
        }

        var narrow = GC.AllocateUninitializedArray<Half>((int)count);
        file.ReadExactly(MemoryMarshal.AsBytes(narrow.AsSpan()));
        if (tensor.Type == OnnxType.Float16)
        {
            TensorPrimitives.ConvertToSingle(narrow, values);
            return values;
        }

        // A bfloat16 is the upper half of a float32.
        var bits = MemoryMarshal.Cast<Half, ushort>(narrow);
        for (var i = 0; i < values.Length; i++)
            values[i] = BitConverter.Int32BitsToSingle(bits[i] << 16);
        return values;
    }

    /// <summary>Number of elements of a shape, or -1 if no array can hold them.</summary>
    private static long Count(IReadOnlyList<long> dimensions)
    {
        var count = 1L;
        foreach (var dimension in dimensions)
        {
            if (dimension is < 0 or > int.MaxValue || (count *= dimension) > Array.MaxLength)
                return -1;
        }

        return count;
    }
}
