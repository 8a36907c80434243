using Meridian.Inference.Decoders.Contract;
using Meridian.Inference.Decoders.Graphs;
using Meridian.Inference.Sessions;
using Microsoft.ML.OnnxRuntime;

namespace Meridian.Inference.Decoders.Caches;

/// <summary>
/// The KV cache of graphs that take the past as an input and return it with the new tokens appended (<see cref="KvLayout.Concatenated"/>, <see
/// cref="KvLayout.Merged"/>).
/// </summary>
/// <remarks>
/// A batch has two blocks. A step reads the past from one block, and the graph writes the longer past to the other block. The next step swaps the two. While
/// the same sequences continue, nothing else is copied.
/// A sequence outside a batch has a block of its own without padding. This is so while its prompt comes in chunks, while it is paused, and if it is a kept
/// prefix.
/// When the members of a batch change, the new batch is gathered in the other block, padded on the left to its longest sequence. That costs about as much as
/// the graph's own concatenation in one step.
/// Padding takes memory as tokens do. If the padding of a step is more than the tokens plus <see cref="DecoderStageOptions.FreePadding"/>, the step runs in
/// several batches of similar length, each with at most as much padding as tokens. There are few batches, because the longest sequence of each batch is less
/// than half as long as that of the batch before.
/// All sequences of a step grow by one token, so the share of padding only shrinks. A batch stays as it is until a sequence joins or leaves.
/// </remarks>
internal sealed class PastCache : KvCache
{
    private const int SpareBlocks = 4;

    // The graph copies from one block to the other. If both have the same offset within a page, processors confuse a load with an earlier store and wait (4K
    // aliasing). So the two blocks differ by half a page.
    private const int HalfPage = 2048;
    private readonly RunBinding _binding;
    private readonly int[] _rowOf;
    private readonly Batch?[] _batchOf;
    private readonly int[] _joining;
    private readonly KvBlock?[] _own;
    private readonly Stack<KvBlock> _spare = new();
    private readonly OrtValue?[] _nothing;
    private readonly long _freePadding;
    private readonly IComparer<int> _longestFirst;

    // The first batch always exists. Longer sequences are in earlier batches.
    private readonly List<Batch> _batches = [];

    /// <param name="graph">The graph whose layers the cache serves.</param>
    /// <param name="session">The session that runs the graph.</param>
    /// <param name="slots">Maximum number of sequences.</param>
    /// <param name="freePadding">Bytes of padding that a step may have in addition to as many bytes as its tokens take.</param>
    public PastCache(DecoderGraph graph, OnnxSession session, int slots, long freePadding) : base(graph, session, slots)
    {
        _rowOf = new int[slots];
        Array.Fill(_rowOf, -1);
        _batchOf = new Batch?[slots];
        _joining = new int[slots];
        _own = new KvBlock?[slots];
        _nothing = new OrtValue?[slots + 1];
        _freePadding = freePadding / graph.Shape.BytesPerToken;
        _longestFirst = Comparer<int>.Create((a, b) => Lengths[Row(b).Slot].CompareTo(Lengths[Row(a).Slot]));
        _batches.Add(new Batch(graph, slots));
        _binding = new RunBinding(Session, Tensors);
    }

    /// <value>Positions of the batches, padding included. The other block of each batch has the same number plus one a row.</value>
    public long BatchPositions => _batches.Sum(static batch => (long)batch.Front.Rows * batch.Front.Past);

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
        Clean();
    }

    public override void Dispose()
    {
        _binding.Dispose();
        foreach (var batch in _batches)
            batch.Dispose();
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
        var (longest, tokens) = (0, 0L);
        for (var i = 0; i < size; i++)
        {
            var length = Lengths[Row(Group[i]).Slot];
            longest = Math.Max(longest, length);
            tokens += length;
        }

        if (((long)size * longest) - tokens <= tokens + _freePadding)
        {
            Step(_batches[0], 0, size, ids, logits);
            Clean();
            return;
        }

        Array.Sort(Group, 0, size, _longestFirst);
        var number = 0;
        for (int from = 0, count; from < size; from += count)
        {
            (count, tokens) = (0, 0);
            longest = Lengths[Row(Group[from]).Slot];
            for (; from + count < size; count++)
            {
                var length = Lengths[Row(Group[from + count]).Slot];
                if ((long)(count + 1) * longest > 2 * (tokens + length))
                    break;
                tokens += length;
            }

            if (number == _batches.Count)
                _batches.Add(new Batch(Graph, Lengths.Length));
            Step(_batches[number++], from, count, ids, logits);
        }

        Clean();
    }

    private void Step(Batch batch, int from, int size, ReadOnlySpan<int> ids, Span<float> logits)
    {
        var group = Group.AsSpan(from, size);
        var same = size == batch.Front.Rows;
        for (var i = 0; i < size && same; i++)
            same = _batchOf[Row(group[i]).Slot] == batch;
        if (!same)
            Gather(batch, group);
        var past = batch.Front.Past;
        Tensors.Shape(size, 1, past + 1, lastColumn: true);
        foreach (var index in group)
        {
            ref readonly var row = ref Row(index);
            Place(_rowOf[row.Slot], row, 1, past, ids);
        }

        batch.Back.Shape(size, past + 1);
        Run(batch.Front, batch.Back, size);
        batch.Swap();
        foreach (var index in group)
        {
            ref readonly var row = ref Row(index);
            Lengths[row.Slot]++;
            TakeLogits(index, _rowOf[row.Slot], 0, logits);
        }
    }

    protected override void Begin(int size, int longest, ReadOnlySpan<int> ids, Span<float> logits)
    {
        Tensors.Shape(size, longest, longest, lastColumn: true);
        for (var i = 0; i < size; i++)
            Place(i, Row(Group[i]), longest, 0, ids);

        // If no batch is live, these rows become the batch. Otherwise a single row is written to its own block, and several rows are written to the block that
        // the next step overwrites.
        var batch = _batches[0];
        var first = batch.Live == 0;
        var block = first ? batch.Front : size == 1 ? Rent(longest) : batch.Back;
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
                Join(batch, i, row.Slot);
                batch.Live++;
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
        var batch = _batchOf[row.Slot] is { Front.Rows: 1 } single ? single : null;
        if (batch is null && _own[row.Slot] is null)
            Leave(row.Slot, row.Start);
        var before = batch?.Front ?? _own[row.Slot]!;
        var past = before.Past;
        Tensors.Shape(1, row.Count, past + row.Count, lastColumn: true);
        Place(0, row, row.Count, past, ids);
        var after = batch?.Back ?? Rent(past + row.Count);
        after.Shape(1, past + row.Count);
        try
        {
            Run(before, after, 1);
        }
        catch when (batch is null)
        {
            Return(after);
            throw;
        }

        if (batch is null)
        {
            Return(before);
            _own[row.Slot] = after;
        }
        else
        {
            batch.Swap();
        }

        Lengths[row.Slot] += row.Count;
        TakeLogits(index, 0, row.Count - 1, logits);
    }

    // Writes one row of ids, mask and positions. Both the past and the ids are padded on the left.
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

    // Makes the given rows the members of a batch. Rows that are already in the batch keep their order; the other rows follow.
    private void Gather(Batch batch, ReadOnlySpan<int> group)
    {
        var longest = 0;
        var count = 0;
        for (var member = 0; member < batch.Front.Rows; member++)
        {
            var slot = batch.Members[member];
            if (slot >= 0 && Wanted(slot, group))
                _joining[count++] = slot;
        }

        foreach (var index in group)
        {
            var slot = Row(index).Slot;
            longest = Math.Max(longest, Lengths[slot]);
            if (_batchOf[slot] != batch)
                _joining[count++] = slot;
        }

        batch.Back.Shape(count, longest);
        for (var i = 0; i < count; i++)
            Extract(_joining[i], Lengths[_joining[i]], batch.Back, i);
        for (var member = 0; member < batch.Front.Rows; member++)
        {
            if (batch.Members[member] is >= 0 and var slot && !Wanted(slot, group))
                Leave(slot, Lengths[slot]);
        }

        batch.Swap();
        for (var i = 0; i < count; i++)
        {
            var slot = _joining[i];
            Disown(slot);
            if (_batchOf[slot] is { } other && other != batch)
                Drop(slot);
            Join(batch, i, slot);
        }

        Array.Fill(batch.Members, -1, count, batch.Members.Length - count);
        batch.Live = count;
        batch.Back.Shape(count, longest);
        batch.Trim();
    }

    private bool Wanted(int slot, ReadOnlySpan<int> group)
    {
        foreach (var index in group)
        {
            if (Row(index).Slot == slot)
                return true;
        }

        return false;
    }

    private void Join(Batch batch, int row, int slot)
    {
        batch.Members[row] = slot;
        _batchOf[slot] = batch;
        _rowOf[slot] = row;
    }

    // Returns the memory of batches that have no members.
    private void Clean()
    {
        foreach (var batch in _batches)
        {
            if (batch.Live > 0 || batch.Front.Rows == 0)
                continue;
            batch.Front.Shape(0, 0);
            batch.Back.Shape(0, 0);
            batch.Trim();
        }

        while (_batches is [_, .., { Live: 0 } last])
        {
            last.Dispose();
            _batches.RemoveAt(_batches.Count - 1);
        }
    }

    private void Extract(int slot, int length, KvBlock target, int targetRow = 0)
    {
        if (_own[slot] is { } own)
            own.CopyRow(0, Lengths[slot], length, target, targetRow);
        else
            _batchOf[slot]!.Front.CopyRow(_rowOf[slot], Lengths[slot], length, target, targetRow);
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
        var batch = _batchOf[slot]!;
        batch.Members[_rowOf[slot]] = -1;
        batch.Live--;
        _batchOf[slot] = null;
        _rowOf[slot] = -1;
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

    /// <summary>Sequences that step together. <c>Front</c> holds the output of the last step; the next step writes to <c>Back</c>.</summary>
    private sealed class Batch(DecoderGraph graph, int slots) : IDisposable
    {
        public KvBlock Front { get; private set; } = new(graph, slots);

        public KvBlock Back { get; private set; } = new(graph, slots, HalfPage);

        /// <value>Slot of each row; -1 if the row's sequence has left.</value>
        public int[] Members { get; } = new int[slots];

        /// <value>Number of rows whose sequence has not left.</value>
        public int Live { get; set; }

        public void Swap() => (Front, Back) = (Back, Front);

        public void Trim()
        {
            Front.Trim();
            Back.Trim();
        }

        public void Dispose()
        {
            Front.Dispose();
            Back.Dispose();
        }
    }
}
