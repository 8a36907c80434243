using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace Meridian.Grains.Shards.Streams;

/// <summary>
/// Where a shard hands a stream to a reader of the same process, past the grains. A reader says first by which name it will open one; a shard that has opened it asks whether its reader is here.
/// </summary>
/// <remarks>
/// A call given up by its caller may still be answered, to nobody: the shard's last look at the token and the delivery of the answer are apart. So names tell their process: a shard finds the
/// reader of a name of its own process here, or knows that it has gone. And a handover has one lock for both sides: a stream is either given to a reader that will close it, or its shard closes it.
/// </remarks>
public sealed class Handovers
{
    private readonly ConcurrentDictionary<Guid, Handover> _expected = new();
    private readonly long _process = BitConverter.ToInt64(RandomNumberGenerator.GetBytes(sizeof(long)));
    private long _names;

    /// <summary>Announces a reader. Disposed by it when the opening is over.</summary>
    internal Handover Expect()
    {
        Span<byte> name = stackalloc byte[16];
        BinaryPrimitives.WriteInt64LittleEndian(name, _process);
        BinaryPrimitives.WriteInt64LittleEndian(name[8..], Interlocked.Increment(ref _names));
        var handover = new Handover(new Guid(name), this);
        _expected.TryAdd(handover.Id, handover);
        return handover;
    }

    /// <summary>Gives a stream to its reader, if that is here.</summary>
    internal HandoverOutcome Offer(OpenStream stream)
    {
        if (_expected.TryGetValue(stream.Id, out var handover)) return handover.Put(stream);
        Span<byte> name = stackalloc byte[16];
        return stream.Id.TryWriteBytes(name) && BinaryPrimitives.ReadInt64LittleEndian(name) == _process ? HandoverOutcome.ReaderGone : HandoverOutcome.NobodyHere;
    }

    internal void Remove(Guid id) => _expected.TryRemove(id, out _);
}
