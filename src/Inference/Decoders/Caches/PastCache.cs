using Meridian.Inference.Decoders.Graphs;
using Meridian.Inference.Sessions;
using Microsoft.ML.OnnxRuntime;

namespace Meridian.Inference.Decoders.Caches;

/// <summary>
/// Keys and values of graphs that take the past and give it back longer (<see cref="KvLayout.Concatenated"/>, <see cref="KvLayout.Merged"/>).
/// </summary>
/// <remarks>
/// The batch of the last step is kept as the graph gave it: what it wrote is bound as the next step's past, and it writes to the other of two blocks. While the same
/// sequences go on, nothing else is copied. A sequence outside that batch (its prompt still comes in chunks, it is paused, it is a kept prefix) has a block of its own without
/// padding. When the batch changes, a new one is gathered in the other block, padded on the left to its longest; that costs about what the graph's own
/// concatenation costs in a step.
/// </remarks>
internal sealed class PastCache : KvCache
{
    private const int SpareBlocks = 4;

    // The graph copies from one block to the other. Where both lie alike in their pages, processors take a load for one that waits for the store before it (4K aliasing).
    private const int HalfPage = 2048;
    private readonly RunBinding _binding;
    private readonly int[] _rowOf;
    private readonly int[] _members;
    private readonly int[] _joining;
    private readonly KvBlock?[] _own;
    private readonly Stack<KvBlock> _spare = new();
    private readonly OrtValue?[] _nothing;
    private KvBlock _front;
    private KvBlock _back;
    private int _live;

    public PastCache(DecoderGraph graph, OnnxSession session, int slots) : base(graph, session, slots)
    {
        _rowOf = new int[slots];
        Array.Fill(_rowOf, -1);
        _members = new int[slots];
        _joining = new int[slots];
        _own = new KvBlock?[slots];
        _nothing = new OrtValue?[slots + 1];
        _front = new KvBlock(graph, slots);
        _back = new KvBlock(graph, slots, HalfPage);
        _binding = new RunBinding(Session, Tensors);
    }

    public override void Truncate(int slot, int length)
    {
        if (length == Lengths[slot])
            return;
        if (length == 0)
        {
            Release(slot);
            return;
        }

        if (_own[slot] is { } own)
            own.Shorten(length);
        else
            Leave(slot, length);
        Lengths[slot] = length;
    }

    public override void Copy(int source, int target, int length)
    {
        Release(target);
        if (length == 0)
            return;
        var block = Rent(length);
        Extract(source, length, block);
        _own[target] = block;
        Lengths[target] = length;
    }

    public override void Release(int slot)
    {
        Lengths[slot] = 0;
        Disown(slot);
        if (_rowOf[slot] < 0)
            return;
        Drop(slot);
        if (_live > 0)
            return;
        _front.Shape(0, 0);
        _back.Shape(0, 0);
        _front.Trim();
        _back.Trim();
    }

    public override void Dispose()
    {
        _binding.Dispose();
        _front.Dispose();
        _back.Dispose();
        foreach (var block in _own)
            block?.Dispose();
        foreach (var block in _spare)
            block.Dispose();
        foreach (var value in _nothing)
            value?.Dispose();
        base.Dispose();
    }

    protected override void Step(int size, ReadOnlySpan<int> ids, Span<float> logits)
    {
        var same = size == _front.Rows;
        for (var i = 0; i < size && same; i++)
            same = _rowOf[Row(Group[i]).Slot] >= 0;
        if (!same)
            Gather(size);
        var past = _front.Past;
        Tensors.Shape(size, 1, past + 1, lastColumn: true);
        for (var i = 0; i < size; i++)
        {
            ref readonly var row = ref Row(Group[i]);
            Place(_rowOf[row.Slot], row, 1, past, ids);
        }

        _back.Shape(size, past + 1);
        Run(_front, _back, size);
        (_front, _back) = (_back, _front);
        for (var i = 0; i < size; i++)
        {
            ref readonly var row = ref Row(Group[i]);
            Lengths[row.Slot]++;
            TakeLogits(Group[i], _rowOf[row.Slot], 0, logits);
        }
    }

    protected override void Begin(int size, int longest, ReadOnlySpan<int> ids, Span<float> logits)
    {
        Tensors.Shape(size, longest, longest, lastColumn: true);
        for (var i = 0; i < size; i++)
            Place(i, Row(Group[i]), longest, 0, ids);

        // With no batch at hand these rows become it. Otherwise one row is written to where it stays, and several to the block that the next step overwrites.
        var first = _live == 0;
        var block = first ? _front : size == 1 ? Rent(longest) : _back;
        block.Shape(size, longest);
        try
        {
            Run(null, block, size);
        }
        catch when (!first && size == 1)
        {
            Return(block);
            throw;
        }

        for (var i = 0; i < size; i++)
        {
            ref readonly var row = ref Row(Group[i]);
            Lengths[row.Slot] = row.Count;
            TakeLogits(Group[i], i, longest - 1, logits);
            if (first)
            {
                _rowOf[row.Slot] = i;
                _members[i] = row.Slot;
                _live++;
            }
            else if (size == 1)
            {
                _own[row.Slot] = block;
            }
            else
            {
                var own = _own[row.Slot] = Rent(row.Count);
                block.CopyRow(i, row.Count, row.Count, own, 0);
            }
        }
    }

    protected override void Continue(int index, ReadOnlySpan<int> ids, Span<float> logits)
    {
        ref readonly var row = ref Row(index);
        var alone = _rowOf[row.Slot] >= 0 && _front.Rows == 1;
        if (!alone && _own[row.Slot] is null)
            Leave(row.Slot, row.Start);
        var before = alone ? _front : _own[row.Slot]!;
        var past = before.Past;
        Tensors.Shape(1, row.Count, past + row.Count, lastColumn: true);
        Place(0, row, row.Count, past, ids);
        var after = alone ? _back : Rent(past + row.Count);
        after.Shape(1, past + row.Count);
        try
        {
            Run(before, after, 1);
        }
        catch when (!alone)
        {
            Return(after);
            throw;
        }

        if (alone)
        {
            (_front, _back) = (_back, _front);
        }
        else
        {
            Return(before);
            _own[row.Slot] = after;
        }

        Lengths[row.Slot] += row.Count;
        TakeLogits(index, 0, row.Count - 1, logits);
    }

    // Writes one row of ids, mask and positions: padding on the left of the past, and on the left of the ids.
    private void Place(int batchRow, in DecoderRow row, int columns, int past, ReadOnlySpan<int> ids)
    {
        var at = (long)batchRow * columns;
        var padding = columns - row.Count;
        Tensors.Ids.Fill(at, padding, 0);
        Tensors.Ids.Set(at + padding, ids.Slice(row.First, row.Count));
        if (Tensors.Positions is { } positions)
        {
            positions.Fill(at, padding, 0);
            positions.Count(at + padding, row.Count, row.Start);
        }

        if (Tensors.Mask is { } mask)
        {
            var total = past + columns;
            var tokens = row.Start + row.Count;
            var start = (long)batchRow * total;
            mask.Fill(start, total - tokens, 0);
            mask.Fill(start + total - tokens, tokens, 1);
        }
    }

    private void Run(KvBlock? before, KvBlock after, int batch)
    {
        var nothing = before is null ? Nothing(batch) : null;
        for (var i = 0; i < Graph.Past.Length; i++)
        {
            _binding.Bind(Graph.Past[i], nothing ?? before!.Value(i), Graph.Present[i], after.Value(i));
        }

        _binding.Run(Options);
    }

    private OrtValue Nothing(int batch)
    {
        if (_nothing[batch] is { } value)
            return value;
        var shape = Graph.Shape;
        long[] dimensions = shape.Layout == KvLayout.Merged ? [2, batch, shape.KvHeads, 0, shape.HeadDimension] : [batch, shape.KvHeads, 0, shape.HeadDimension];
        return _nothing[batch] = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, Graph.CacheType, dimensions);
    }

    // Makes the rows in Group the batch: those that are in it keep their order, the others follow.
    private void Gather(int size)
    {
        var longest = 0;
        var count = 0;
        for (var member = 0; member < _front.Rows; member++)
        {
            var slot = _members[member];
            if (slot >= 0 && Wanted(slot, size))
                _joining[count++] = slot;
        }

        for (var i = 0; i < size; i++)
        {
            var slot = Row(Group[i]).Slot;
            longest = Math.Max(longest, Lengths[slot]);
            if (_rowOf[slot] < 0)
                _joining[count++] = slot;
        }

        _back.Shape(size, longest);
        for (var i = 0; i < size; i++)
            Extract(_joining[i], Lengths[_joining[i]], _back, i);
        for (var member = 0; member < _front.Rows; member++)
        {
            if (_members[member] is >= 0 and var slot && !Wanted(slot, size))
                Leave(slot, Lengths[slot]);
        }

        (_front, _back) = (_back, _front);
        for (var i = 0; i < size; i++)
        {
            var slot = _joining[i];
            Disown(slot);
            _members[i] = slot;
            _rowOf[slot] = i;
        }

        Array.Fill(_members, -1, size, _members.Length - size);
        _live = size;
        _back.Shape(size, longest);
        _front.Trim();
        _back.Trim();
    }

    private bool Wanted(int slot, int size)
    {
        for (var i = 0; i < size; i++)
        {
            if (Row(Group[i]).Slot == slot)
                return true;
        }

        return false;
    }

    private void Extract(int slot, int length, KvBlock target, int targetRow = 0)
    {
        if (_own[slot] is { } own)
            own.CopyRow(0, Lengths[slot], length, target, targetRow);
        else
            _front.CopyRow(_rowOf[slot], Lengths[slot], length, target, targetRow);
    }

    private void Leave(int slot, int length)
    {
        var own = Rent(length);
        Extract(slot, length, own);
        _own[slot] = own;
        Drop(slot);
    }

    private void Drop(int slot)
    {
        _members[_rowOf[slot]] = -1;
        _rowOf[slot] = -1;
        _live--;
    }

    private void Disown(int slot)
    {
        if (_own[slot] is not { } own)
            return;
        _own[slot] = null;
        Return(own);
    }

    private KvBlock Rent(int past)
    {
        if (!_spare.TryPop(out var block))
            block = new KvBlock(Graph, 1);
        block.Shape(1, past);
        return block;
    }

    private void Return(KvBlock block)
    {
        block.Shape(0, 0);
        block.Trim();
        if (_spare.Count < SpareBlocks)
            _spare.Push(block);
        else
            block.Dispose();
    }
}
