using Meridian.Inference.Decoders.Contract;
using Meridian.Inference.Decoders.Graphs;
using Microsoft.ML.OnnxRuntime;

namespace Meridian.Inference.Decoders.Caches;

/// <summary>
/// Keys and values of the sequences of a batch, in the dense form that the graph takes: each tensor is [rows, heads, past, dimension], or [2, rows, heads,
/// past, dimension] in the layout <see cref="KvLayout.Merged"/>. A sequence that is shorter than the others lies at the end of its row.
/// </summary>
internal sealed unsafe class KvBlock : IDisposable
{
    private readonly DecoderShape _shape;
    private readonly DecoderGraph _graph;
    private readonly LazyMemory _memory;
    private readonly int _offset;
    private readonly long _stride;
    private readonly OrtValue?[] _values;
    private readonly long[] _dimensions;
    private long _touched;

    /// <param name="graph">The graph whose layers the block serves.</param>
    /// <param name="maxRows">Maximum number of rows. Address space is reserved for them at full length.</param>
    /// <param name="offset">Bytes between the start of a page and the start of every tensor; a multiple of 64.</param>
    public KvBlock(DecoderGraph graph, int maxRows, int offset = 0)
    {
        _graph = graph;
        _shape = graph.Shape;
        Lead = _shape.Layout == KvLayout.Merged ? 2 : 1;
        PositionBytes = _shape.HeadDimension * _shape.ElementSize;
        _stride = (long)Lead * maxRows * _shape.KvHeads * _shape.ContextLength * PositionBytes;
        _stride = LazyMemory.Stride(_stride);
        _offset = offset;
        _values = new OrtValue?[graph.Past.Length];
        _dimensions = Lead == 2 ? [2, 0, _shape.KvHeads, 0, _shape.HeadDimension] : [0, _shape.KvHeads, 0, _shape.HeadDimension];
        _memory = new LazyMemory((_stride * graph.Past.Length) + offset);
    }

    public int Lead { get; }

    /// <value>Bytes of one position of one head.</value>
    public int PositionBytes { get; }

    public int Rows { get; private set; }

    /// <value>Positions of every row, padding included.</value>
    public int Past { get; private set; }

    public void Shape(int rows, int past)
    {
        if (rows == Rows && past == Past)
            return;
        Forget();
        Rows = rows;
        Past = past;
        _touched = Math.Max(_touched, Used);
    }

    /// <summary>A layer's tensor in the current shape. The block keeps ownership.</summary>
    public OrtValue Value(int tensor)
    {
        if (_values[tensor] is { } value)
            return value;
        _dimensions[^4] = Rows;
        _dimensions[^2] = Past;
        return _values[tensor] = OrtValue.CreateTensorValueWithData(
            OrtMemoryInfo.DefaultInstance, _graph.CacheType, _dimensions, (nint)Tensor(tensor), Used);
    }

    /// <summary>Copies the first tokens of one sequence to the end of a row of another block, and zeroes the padding before them.</summary>
    /// <remarks>
    /// Attention multiplies masked positions by weight 0. Uninitialized memory may hold NaN, and 0 times NaN is NaN, so the padding must be zero.
    /// </remarks>
    /// <param name="row">Row of the sequence in this block.</param>
    /// <param name="held">Tokens of the sequence in this block.</param>
    /// <param name="length">Number of tokens to copy.</param>
    /// <param name="target">The other block.</param>
    /// <param name="targetRow">Row in <paramref name="target"/>.</param>
    public void CopyRow(int row, int held, int length, KvBlock target, int targetRow)
    {
        var bytes = (long)length * PositionBytes;
        var padding = (nuint)(target.Past - length) * (nuint)PositionBytes;
        for (var tensor = 0; tensor < _values.Length; tensor++)
        {
            for (var lead = 0; lead < Lead; lead++)
            {
                for (var head = 0; head < _shape.KvHeads; head++)
                {
                    var from = At(tensor, lead, row, head) + ((long)(Past - held) * PositionBytes);
                    var to = target.At(tensor, lead, targetRow, head);
                    System.Runtime.InteropServices.NativeMemory.Clear(to, padding);
                    Buffer.MemoryCopy(from, to + padding, bytes, bytes);
                }
            }
        }
    }

    /// <summary>Keeps the first tokens of the block's only sequence.</summary>
    public void Shorten(int length)
    {
        // Segments move towards the start, in order. So no segment is overwritten before it has moved.
        var bytes = (long)length * PositionBytes;
        for (var tensor = 0; tensor < _values.Length; tensor++)
        {
            var start = Tensor(tensor);
            for (var segment = 1; segment < Lead * _shape.KvHeads; segment++)
                Buffer.MemoryCopy(start + ((long)segment * Past * PositionBytes), start + (segment * bytes), bytes, bytes);
        }

        Shape(1, length);
    }

    /// <summary>Returns the memory beyond the current use to the system, if it is a large amount.</summary>
    public void Trim()
    {
        const long Worthwhile = 16 << 20;
        var surplus = _touched - Used;
        if (surplus * _values.Length < Worthwhile || surplus < Used)
            return;
        for (var tensor = 0; tensor < _values.Length; tensor++)
            _memory.Discard(_offset + (tensor * _stride) + Used, surplus);
        _touched = Used;
    }

    public void Dispose()
    {
        Forget();
        _memory.Dispose();
    }

    private long Used => (long)Lead * Rows * _shape.KvHeads * Past * PositionBytes;

    private byte* Tensor(int tensor) => _memory.Start + _offset + (tensor * _stride);

    private byte* At(int tensor, int lead, int row, int head) =>
        Tensor(tensor) + (((((long)lead * Rows) + row) * _shape.KvHeads) + head) * Past * PositionBytes;

    private void Forget()
    {
        foreach (ref var value in _values.AsSpan())
        {
            value?.Dispose();
            value = null;
        }
    }
}
