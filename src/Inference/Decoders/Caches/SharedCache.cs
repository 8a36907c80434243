using System.Runtime.InteropServices;
using Meridian.Inference.Decoders.Contract;
using Meridian.Inference.Decoders.Graphs;
using Meridian.Inference.Sessions;
using Microsoft.ML.OnnxRuntime;

namespace Meridian.Inference.Decoders.Caches;

/// <summary>
/// The KV cache of graphs with <c>com.microsoft.GroupQueryAttention</c> (<see cref="KvLayout.Shared"/>). Each tensor is one buffer [rows, heads, context,
/// dimension], which the operator reads and writes in place.
/// </summary>
/// <remarks>
/// This class relies on the following behavior of the operator on the CPU, observed with ONNX Runtime 1.31:
/// <list type="bullet">
/// <item>If past and present are the same memory, it writes in place and copies nothing. Otherwise it clears and copies the whole buffers.</item>
/// <item>A row's total length is the number of ones in its mask, wherever they are, or <c>seqlens_k</c> + 1. It decides where the row's token is written and
/// how far the row is read. So rows of any lengths share a step, and a sequence's first token may be among them.</item>
/// <item>Memory beyond a row's length is never read, not even with weight 0. It may hold NaN.</item>
/// <item>The mask may have more columns than the longest row.</item>
/// <item>If a run has as many columns as the mask, every row begins at 0. Shorter rows end in padding. The keys of the padding lie beyond the row's length and
/// are overwritten later.</item>
/// <item>A run of several columns on top of a past is refused for more than one row.</item>
/// <item>The length of the buffers costs nothing: a step took the same time with 512 and with 8,192 positions.</item>
/// </list>
/// A lone row may need a second row beside it (<see cref="PairsLoneRows"/>). So there is one row more than slots, and at least one row is always free.
/// A run takes consecutive rows of the buffers. A slot gets a row when it gets tokens. If there are gaps between the rows of a step, the gaps take part in the
/// run for a few steps, because a new sequence usually fills them. After that the rows are moved together.
/// </remarks>
internal sealed unsafe class SharedCache : KvCache
{
    // A gap that takes part in a step costs as much as any other row. Moving a row copies all its tokens. A few gaps for a few steps cost less than the copy.
    private const int GapShare = 4;
    private const int GapSteps = 8;
    private const int KeptBindings = 128;
    private const long WorthDiscarding = 1 << 20;
    private readonly LazyMemory _memory;
    private readonly long _headBytes;
    private readonly long _rowBytes;
    private readonly long _stride;
    private readonly int _positionBytes;
    private readonly int[] _rowOf;
    private readonly int[] _slotOf;
    private readonly int[] _touched;
    private readonly bool[] _moving;
    private readonly Dictionary<(int First, int Count), RunBinding> _bindings = [];
    private readonly byte[] _exchange;
    private int _gapSteps;

    public SharedCache(DecoderGraph graph, OnnxSession session, int slots) : base(graph, session, slots)
    {
        var shape = graph.Shape;
        _positionBytes = shape.HeadDimension * shape.ElementSize;
        _headBytes = (long)shape.ContextLength * _positionBytes;
        _rowBytes = shape.KvHeads * _headBytes;
        var rows = slots + 1;
        _stride = LazyMemory.Stride(rows * _rowBytes);
        _memory = new LazyMemory(_stride * graph.Past.Length);
        _rowOf = new int[slots];
        _slotOf = new int[rows];
        Array.Fill(_rowOf, -1);
        Array.Fill(_slotOf, -1);
        _touched = new int[rows];
        _moving = new bool[rows];
        _exchange = new byte[_headBytes];
    }

    public override bool PairsLoneRows { get; set; }

    public override void Truncate(int slot, int length)
    {
        if (length == 0)
            Release(slot);
        else
            Lengths[slot] = length;
    }

    public override void Copy(int source, int target, int length)
    {
        Release(target);
        if (length == 0)
            return;
        var row = FreeRow();
        CopyRow(_rowOf[source], row, length);
        Occupy(row, target, length);
    }

    public override void Release(int slot)
    {
        Lengths[slot] = 0;
        if (_rowOf[slot] is >= 0 and var row)
            Free(row);
    }

    public override void Dispose()
    {
        Unbind();
        _memory.Dispose();
        base.Dispose();
    }

    protected override void Step(int size, ReadOnlySpan<int> ids, Span<float> logits)
    {
        var (first, count) = Together(size);
        var longest = 0;
        for (var row = first; row < first + count; row++)
            longest = Math.Max(longest, LengthOf(row));
        Tensors.Shape(count, 1, longest + 1, lastColumn: true);
        if (count > size)
        {
            // The token of a gap is written beyond the tokens that the gap's row holds.
            for (var row = 0; row < count; row++)
                Tensors.Ids.Fill(row, 1, 0);
        }

        for (var row = 0; row < count; row++)
            Place(row, LengthOf(first + row), 1, 1, longest + 1);
        for (var i = 0; i < size; i++)
        {
            ref readonly var row = ref Row(Group[i]);
            Tensors.Ids.Set(_rowOf[row.Slot] - first, ids[row.First]);
        }

        Run(first, count);
        for (var i = 0; i < size; i++)
        {
            ref readonly var row = ref Row(Group[i]);
            Lengths[row.Slot]++;
            Touch(_rowOf[row.Slot]);
            TakeLogits(Group[i], _rowOf[row.Slot] - first, 0, logits);
        }
    }

    protected override void Begin(int size, int longest, ReadOnlySpan<int> ids, Span<float> logits)
    {
        for (var done = 0; done < size;)
        {
            var first = FreeRow(size - done, out var count);
            longest = Row(Group[done]).Count;
            var same = longest == Row(Group[done + count - 1]).Count;
            Tensors.Shape(count, longest, longest, lastColumn: same);
            for (var i = 0; i < count; i++)
            {
                ref readonly var row = ref Row(Group[done + i]);
                Tensors.Ids.Set((long)i * longest, ids.Slice(row.First, row.Count));
                Tensors.Ids.Fill(((long)i * longest) + row.Count, longest - row.Count, 0);
                Place(i, 0, row.Count, longest, longest);
            }

            Run(first, count);
            for (var i = 0; i < count; i++)
            {
                ref readonly var row = ref Row(Group[done + i]);
                Occupy(first + i, row.Slot, row.Count);
                _touched[first + i] = Math.Max(_touched[first + i], longest);
                TakeLogits(Group[done + i], i, row.Count - 1, logits);
            }

            done += count;
        }
    }

    protected override void Continue(int index, ReadOnlySpan<int> ids, Span<float> logits)
    {
        ref readonly var row = ref Row(index);
        var total = row.Start + row.Count;
        Tensors.Shape(1, row.Count, total, lastColumn: true);
        Tensors.Ids.Set(0, ids.Slice(row.First, row.Count));
        Place(0, row.Start, row.Count, row.Count, total);
        Run(_rowOf[row.Slot], 1);
        Lengths[row.Slot] = total;
        Touch(_rowOf[row.Slot]);
        TakeLogits(index, 0, row.Count - 1, logits);
    }

    // Writes one row of mask, positions and lengths. Padding follows the tokens.
    private void Place(int batchRow, int start, int count, int columns, int total)
    {
        var tokens = start + count;
        if (Tensors.Mask is { } mask)
        {
            var at = (long)batchRow * total;
            mask.Fill(at, tokens, 1);
            mask.Fill(at + tokens, total - tokens, 0);
        }

        Tensors.LastPositions?.Set(batchRow, tokens - 1);
        if (Tensors.Positions is { } positions)
        {
            positions.Count((long)batchRow * columns, count, start);
            positions.Fill(((long)batchRow * columns) + count, columns - count, 0);
        }
    }

    private void Run(int first, int count)
    {
        ref var binding = ref CollectionsMarshal.GetValueRefOrAddDefault(_bindings, (first, count), out var known);
        if (!known)
        {
            if (_bindings.Count > KeptBindings)
            {
                Unbind();
                binding = ref CollectionsMarshal.GetValueRefOrAddDefault(_bindings, (first, count), out _);
            }

            binding = Bind(first, count);
        }

        binding!.Run(Options);
    }

    private RunBinding Bind(int first, int count)
    {
        var shape = Graph.Shape;
        var binding = new RunBinding(Session, Tensors);
        for (var tensor = 0; tensor < Graph.Past.Length; tensor++)
        {
            binding.BindInPlace(Graph.Past[tensor], Graph.Present[tensor], OrtValue.CreateTensorValueWithData(
                OrtMemoryInfo.DefaultInstance,
                Graph.CacheType,
                [count, shape.KvHeads, shape.ContextLength, shape.HeadDimension],
                (nint)At(tensor, first, 0),
                count * _rowBytes));
        }

        return binding;
    }

    private void Unbind()
    {
        foreach (var binding in _bindings.Values)
            binding?.Dispose();
        _bindings.Clear();
    }

    /// <summary>Chooses the consecutive rows of a step: the rows of its slots, and perhaps some gaps between them.</summary>
    private (int First, int Count) Together(int size)
    {
        var (first, last) = (int.MaxValue, -1);
        for (var i = 0; i < size; i++)
        {
            var row = _rowOf[Row(Group[i]).Slot];
            first = Math.Min(first, row);
            last = Math.Max(last, row);
        }

        var gaps = last - first + 1 - size;
        if (gaps == 0)
        {
            _gapSteps = 0;
            return size == 1 && PairsLoneRows ? (Pair(first), 2) : (first, size);
        }

        if (gaps * GapShare <= size && _gapSteps < GapSteps && RoomInGaps(first, last))
        {
            _gapSteps++;
            return (first, last - first + 1);
        }

        _gapSteps = 0;
        return (MoveTogether(size), size);
    }

    /// <summary>
    /// Finds two adjacent rows that hold the sequence of <paramref name="row"/> and have room for a second token. The sequence may move for that. Returns the
    /// first of the two rows.
    /// </summary>
    private int Pair(int row)
    {
        if (row + 1 < _slotOf.Length && RoomInGaps(row + 1, row + 1))
            return row;
        if (row > 0 && RoomInGaps(row - 1, row - 1))
            return row - 1;
        var free = FreeRow();
        Exchange(row, free > 0 ? free - 1 : 1);
        return Math.Max(0, free - 1);
    }

    private bool RoomInGaps(int first, int last)
    {
        for (var row = first; row <= last; row++)
        {
            if (LengthOf(row) >= Graph.Shape.ContextLength)
                return false;
        }

        return true;
    }

    // Moves the rows of a step together, to the place where the fewest tokens have to be copied. Returns the first row.
    private int MoveTogether(int size)
    {
        for (var i = 0; i < size; i++)
            _moving[_rowOf[Row(Group[i]).Slot]] = true;
        var (best, fewest) = (0, long.MaxValue);
        for (var start = 0; start + size <= _slotOf.Length; start++)
        {
            var tokens = 0L;
            for (var row = 0; row < _slotOf.Length; row++)
            {
                if (_moving[row] != (row >= start && row < start + size))
                    tokens += LengthOf(row);
            }

            if (tokens < fewest)
                (best, fewest) = (start, tokens);
        }

        var gap = best;
        for (var row = 0; row < _slotOf.Length; row++)
        {
            if (!_moving[row] || (row >= best && row < best + size))
                continue;
            while (_moving[gap])
                gap++;
            Exchange(row, gap);
            (_moving[row], _moving[gap]) = (false, true);
        }

        Array.Clear(_moving);
        return best;
    }

    private void Exchange(int row, int gap)
    {
        var (mine, other) = (_slotOf[row], _slotOf[gap]);
        if (other < 0)
        {
            CopyRow(row, gap, Lengths[mine]);
            Free(row);
            Occupy(gap, mine, Lengths[mine]);
            return;
        }

        var bytes = (long)Math.Max(Lengths[mine], Lengths[other]) * _positionBytes;
        var spare = _exchange.AsSpan(0, (int)bytes);
        for (var tensor = 0; tensor < Graph.Past.Length; tensor++)
        {
            for (var head = 0; head < Graph.Shape.KvHeads; head++)
            {
                var a = new Span<byte>(At(tensor, row, head), (int)bytes);
                var b = new Span<byte>(At(tensor, gap, head), (int)bytes);
                a.CopyTo(spare);
                b.CopyTo(a);
                spare.CopyTo(b);
            }
        }

        (_slotOf[row], _slotOf[gap]) = (other, mine);
        (_rowOf[other], _rowOf[mine]) = (row, gap);
        _touched[row] = _touched[gap] = Math.Max(_touched[row], _touched[gap]);
    }

    private void CopyRow(int source, int target, int length)
    {
        var bytes = (long)length * _positionBytes;
        for (var tensor = 0; tensor < Graph.Past.Length; tensor++)
        {
            for (var head = 0; head < Graph.Shape.KvHeads; head++)
                Buffer.MemoryCopy(At(tensor, source, head), At(tensor, target, head), bytes, bytes);
        }
    }

    private byte* At(int tensor, int row, int head) => _memory.Start + (tensor * _stride) + (row * _rowBytes) + (head * _headBytes);

    private int LengthOf(int row) => _slotOf[row] < 0 ? 0 : Lengths[_slotOf[row]];

    private int FreeRow() => FreeRow(1, out _);

    // Finds <c>wanted</c> adjacent free rows. If there are not so many, takes the longest sequence of adjacent free rows.
    private int FreeRow(int wanted, out int count)
    {
        var (first, longest) = (-1, 0);
        for (var row = 0; row < _slotOf.Length && longest < wanted; row++)
        {
            var run = 0;
            while (run < wanted && row + run < _slotOf.Length && _slotOf[row + run] < 0)
                run++;
            if (run > longest)
                (first, longest) = (row, run);
            row += run;
        }

        count = longest;
        return first;
    }

    private void Occupy(int row, int slot, int length)
    {
        _slotOf[row] = slot;
        _rowOf[slot] = row;
        Lengths[slot] = length;
        Touch(row);
    }

    private void Touch(int row) => _touched[row] = Math.Max(_touched[row], LengthOf(row));

    private void Free(int row)
    {
        _rowOf[_slotOf[row]] = -1;
        _slotOf[row] = -1;
        if (_touched[row] * Graph.Shape.BytesPerToken < WorthDiscarding)
            return;
        for (var tensor = 0; tensor < Graph.Past.Length; tensor++)
            _memory.Discard((tensor * _stride) + (row * _rowBytes), _rowBytes);
        _touched[row] = 0;
    }
}
