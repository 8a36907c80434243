using Meridian.Inference.Decoders.Contract;
using Meridian.Inference.Decoders.Graphs;
using Microsoft.ML.OnnxRuntime;

namespace Meridian.Inference.Decoders.Caches;

/// <summary>
/// Keys and values of the sequences of a batch, dense as the graph takes them: each tensor is [rows, heads, past, dimension], or [2, rows, heads, past, dimension]
/// where merged. A sequence that is shorter than the rest stands at the end of its row.
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

    /// <param name="graph">Whose layers.</param>
    /// <param name="maxRows">Most rows; address space is reserved for them at full length.</param>
    /// <param name="offset">Bytes of a page that every tensor begins after; a multiple of 64.</param>
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

    /// <summary>A layer's tensor in the present shape; it stays this block's.</summary>
    public OrtValue Value(int tensor)
    {
        if (_values[tensor] is { } value)
            return value;
        _dimensions[^4] = Rows;
        _dimensions[^2] = Past;
        return _values[tensor] = OrtValue.CreateTensorValueWithData(
            OrtMemoryInfo.DefaultInstance, _graph.CacheType, _dimensions, (nint)Tensor(tensor), Used);
    }

    /// <summary>Copies the first tokens of one sequence to the end of another block's row, and zeroes what is before them there.</summary>
    /// <remarks>What is masked takes part with weight 0, and 0 times what memory happened to hold may be NaN.</remarks>
    /// <param name="row">Here.</param>
    /// <param name="held">Tokens of the sequence here.</param>
    /// <param name="length">How many are copied.</param>
    /// <param name="target">Another block.</param>
    /// <param name="targetRow">There.</param>
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

    /// <summary>Keeps the first tokens of the only sequence.</summary>
    public void Shorten(int length)
    {
        // Segments move towards the start in order, so none is overwritten before it has moved.
        var bytes = (long)length * PositionBytes;
        for (var tensor = 0; tensor < _values.Length; tensor++)
        {
            var start = Tensor(tensor);
            for (var segment = 1; segment < Lead * _shape.KvHeads; segment++)
                Buffer.MemoryCopy(start + ((long)segment * Past * PositionBytes), start + (segment * bytes), bytes, bytes);
        }

        Shape(1, length);
    }

    /// <summary>Gives memory back beyond what is used now, if it is much.</summary>
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
