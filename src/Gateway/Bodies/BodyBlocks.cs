using System.Buffers;

namespace Meridian.Gateway.Bodies;

/// <summary>
/// Holds a request body that did not arrive in one piece, in rented blocks, until it is parsed.
/// All blocks have the same size, below the large-object heap, so the pool reuses them for bodies of any length. A body takes memory for the bytes that
/// arrived, not for those that its Content-Length promises.
/// </summary>
internal sealed class BodyBlocks : IDisposable
{
    private const int BlockLength = 64 * 1024;

    private Block? _first;
    private Block? _last;
    private int _used;

    public bool IsEmpty => _first is null;

    /// <value>Bytes held.</value>
    public long Length => _last is null ? 0 : _last.RunningIndex + _used;

    public ReadOnlySequence<byte> Sequence =>
        _first is null ? ReadOnlySequence<byte>.Empty : new ReadOnlySequence<byte>(_first, 0, _last!, _used);

    public void Append(in ReadOnlySequence<byte> bytes)
    {
        foreach (var segment in bytes)
        {
            Append(segment.Span);
        }
    }

    public void Dispose()
    {
        for (var block = _first; block is not null; block = block.Following)
        {
            block.Return();
        }

        _first = _last = null;
        _used = 0;
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            if (_last is null || _used == BlockLength)
            {
                _last = new Block(_last);
                _first ??= _last;
                _used = 0;
            }

            var taken = Math.Min(bytes.Length, BlockLength - _used);
            bytes[..taken].CopyTo(_last.Bytes.AsSpan(_used));
            _used += taken;
            bytes = bytes[taken..];
        }
    }

    private sealed class Block : ReadOnlySequenceSegment<byte>
    {
        public Block(Block? previous)
        {
            Bytes = ArrayPool<byte>.Shared.Rent(BlockLength);
            Memory = Bytes.AsMemory(0, BlockLength);
            if (previous is not null)
            {
                RunningIndex = previous.RunningIndex + BlockLength;
                previous.Next = this;
            }
        }

        public byte[] Bytes { get; }

        public Block? Following => (Block?)Next;

        public void Return() => ArrayPool<byte>.Shared.Return(Bytes);
    }
}
