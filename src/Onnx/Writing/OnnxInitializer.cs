using System.Buffers;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Meridian.Onnx.Writing;

/// <summary>A constant tensor of a graph. Its elements stay where they are until the file is written, and are written from there.</summary>
public sealed class OnnxInitializer
{
    private const int ChunkElements = 1 << 16;
    private readonly IEnumerable<ReadOnlyMemory<float>>? _parts;
    private readonly byte[]? _bytes;

    private OnnxInitializer(string name, OnnxType type, long[] dimensions, IEnumerable<ReadOnlyMemory<float>>? parts, byte[]? bytes)
    {
        (Name, Type, Dimensions, _parts, _bytes) = (name, type, dimensions, parts, bytes);
        ByteLength = dimensions.Aggregate(1L, (product, dimension) => checked(product * dimension)) * Size(type);
    }

    public string Name { get; }

    public OnnxType Type { get; }

    public IReadOnlyList<long> Dimensions { get; }

    /// <value>Bytes of all elements.</value>
    public long ByteLength { get; }

    /// <param name="name">Of the value.</param>
    /// <param name="type">Float, or Float16: then elements are rounded to it as they are written.</param>
    /// <param name="dimensions">Shape.</param>
    /// <param name="parts">Elements in row-major order, in as many pieces as suits the caller; enumerated once, when the file is written.</param>
    public static OnnxInitializer Of(string name, OnnxType type, long[] dimensions, IEnumerable<ReadOnlyMemory<float>> parts) =>
        type is OnnxType.Float or OnnxType.Float16
            ? new OnnxInitializer(name, type, dimensions, parts, null)
            : throw new ArgumentException($"Initializer '{name}': floating-point elements cannot be written as {type}; choose Float or Float16.", nameof(type));

    public static OnnxInitializer Of(string name, long[] dimensions, params ReadOnlySpan<long> elements) =>
        new(name, OnnxType.Int64, dimensions, null, MemoryMarshal.AsBytes(elements).ToArray());

    /// <exception cref="InvalidDataException">There are more or fewer elements than the shape says.</exception>
    internal void WriteTo(Stream stream)
    {
        long written = 0;
        if (_bytes is not null)
        {
            stream.Write(_bytes);
            written = _bytes.Length;
        }
        else if (_parts is not null)
        {
            var halves = Type == OnnxType.Float16 ? ArrayPool<Half>.Shared.Rent(ChunkElements) : null;
            foreach (var part in _parts)
            {
                written += (long)part.Length * Size(Type);
                if (halves is null)
                    stream.Write(MemoryMarshal.AsBytes(part.Span));
                else
                    WriteHalves(stream, part.Span, halves);
            }

            if (halves is not null)
                ArrayPool<Half>.Shared.Return(halves);
        }

        if (written != ByteLength)
            throw new InvalidDataException($"Initializer '{Name}' of shape [{string.Join(", ", Dimensions)}] takes {ByteLength} bytes, but its elements have {written}.");
    }

    private static void WriteHalves(Stream stream, ReadOnlySpan<float> values, Half[] halves)
    {
        for (; !values.IsEmpty; values = values[Math.Min(ChunkElements, values.Length)..])
        {
            var chunk = values[..Math.Min(ChunkElements, values.Length)];
            TensorPrimitives.ConvertToHalf(chunk, halves);
            stream.Write(MemoryMarshal.AsBytes(halves.AsSpan(0, chunk.Length)));
        }
    }

    private static int Size(OnnxType type) => type switch
    {
        OnnxType.Int64 => 8,
        OnnxType.Float16 => 2,
        _ => 4,
    };
}
