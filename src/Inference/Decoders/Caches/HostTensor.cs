using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Meridian.Onnx.Reading;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Meridian.Inference.Decoders.Caches;

/// <summary>
/// An input or output of changing shape, in native memory that grows and is reused. The value is created again only if the shape or the memory
/// changes.
/// </summary>
internal sealed unsafe class HostTensor : IDisposable
{
    private const int Alignment = 64;
    private readonly int _elementSize;
    private readonly long[] _shape;
    private byte* _data;
    private long _capacity;
    private OrtValue? _value;

    /// <param name="tensor">Name and element type.</param>
    /// <param name="rank">Number of dimensions, 0 to 3.</param>
    public HostTensor(GraphTensor tensor, int rank)
    {
        Name = tensor.Name;
        Type = (TensorElementType)tensor.Type;
        _elementSize = Type switch
        {
            TensorElementType.Int64 => 8,
            TensorElementType.Float16 => 2,
            _ => 4,
        };
        _shape = new long[rank];
    }

    public string Name { get; }

    public TensorElementType Type { get; }

    /// <value>Increases with every new <see cref="Value"/>. A binding compares it to detect that it has bound an older value.</value>
    public int Version { get; private set; }

    public OrtValue Value => _value ?? throw new InvalidOperationException($"{Name} has no shape yet.");

    public void Reshape(long first = 1, long second = 1, long third = 1)
    {
        var rank = _shape.Length;
        if (_value is not null && (rank < 1 || _shape[0] == first) && (rank < 2 || _shape[1] == second) && (rank < 3 || _shape[2] == third))
            return;
        if (rank > 0)
            _shape[0] = first;
        if (rank > 1)
            _shape[1] = second;
        if (rank > 2)
            _shape[2] = third;
        var bytes = _elementSize * (rank > 0 ? first : 1) * (rank > 1 ? second : 1) * (rank > 2 ? third : 1);
        _value?.Dispose();
        _value = null;
        if (bytes > _capacity)
        {
            // Each step makes a mask one column longer. Growing the memory by half makes a new allocation rare.
            var capacity = Math.Max(bytes, (_capacity * 3 / 2) + 4096);
            NativeMemory.AlignedFree(_data);
            _data = null;
            _capacity = 0;
            _data = (byte*)NativeMemory.AlignedAlloc((nuint)capacity, Alignment);
            _capacity = capacity;
        }

        _value = OrtValue.CreateTensorValueWithData(OrtMemoryInfo.DefaultInstance, Type, _shape, (nint)_data, bytes);
        Version++;
    }

    /// <summary>Sets consecutive elements to one value.</summary>
    public void Fill(long at, long count, int value)
    {
        switch (Type)
        {
            case TensorElementType.Int64:
                new Span<long>((long*)_data + at, (int)count).Fill(value);
                break;
            case TensorElementType.Int32:
                new Span<int>((int*)_data + at, (int)count).Fill(value);
                break;
            default:
                new Span<float>((float*)_data + at, (int)count).Fill(value);
                break;
        }
    }

    public void Set(long at, int value)
    {
        if (Type == TensorElementType.Int64)
            ((long*)_data)[at] = value;
        else
            ((int*)_data)[at] = value;
    }

    /// <summary>Sets consecutive elements of an integer tensor.</summary>
    public void Set(long at, ReadOnlySpan<int> values)
    {
        if (Type == TensorElementType.Int64)
            TensorPrimitives.ConvertTruncating(values, new Span<long>((long*)_data + at, values.Length));
        else
            values.CopyTo(new Span<int>((int*)_data + at, values.Length));
    }

    /// <summary>Sets consecutive elements of an integer tensor to first, first + 1, ...</summary>
    public void Count(long at, int count, int first)
    {
        for (var i = 0; i < count; i++)
            Set(at + i, first + i);
    }

    /// <summary>Reads consecutive elements as float32.</summary>
    public void Read(long at, Span<float> target)
    {
        if (Type == TensorElementType.Float16)
            TensorPrimitives.ConvertToSingle(new ReadOnlySpan<Half>((Half*)_data + at, target.Length), target);
        else
            new ReadOnlySpan<float>((float*)_data + at, target.Length).CopyTo(target);
    }

    public void Dispose()
    {
        _value?.Dispose();
        _value = null;
        NativeMemory.AlignedFree(_data);
        _data = null;
        _capacity = 0;
    }
}
