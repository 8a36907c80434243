using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace Meridian.Grains.Shards.Streams;

/// <summary>
/// Lets a shard give a stream directly to a reader in the same process, without grain calls. The reader first announces the name of the stream. After
/// a shard has opened the stream, it asks here whether the reader is in this process.
/// </summary>
/// <remarks>
/// Problem: a caller may give up after the shard's last check of the token but before the answer is delivered. Nobody would then close the stream.
/// Two rules prevent this:
/// <list type="bullet">
/// <item>A stream's name begins with the id of the reader's process. For a name of its own process, a shard either finds the reader here or knows
/// that the reader has left.</item>
/// <item>One lock per handover covers both sides. Either a reader gets the stream and closes it, or the shard closes it.</item>
/// </list>
/// </remarks>
public sealed class Handovers
{
    private readonly ConcurrentDictionary<Guid, Handover> _expected = new();
    private readonly long _process = BitConverter.ToInt64(RandomNumberGenerator.GetBytes(sizeof(long)));
    private long _names;

    /// <summary>Announces a reader. The reader disposes the result when the opening is over.</summary>
    internal Handover Expect()
    {
        Span<byte> name = stackalloc byte[16];
        BinaryPrimitives.WriteInt64LittleEndian(name, _process);
        BinaryPrimitives.WriteInt64LittleEndian(name[8..], Interlocked.Increment(ref _names));
        var handover = new Handover(new Guid(name), this);
        _expected.TryAdd(handover.Id, handover);
        return handover;
    }

    /// <summary>Gives a stream to its reader if the reader is in this process.</summary>
    internal HandoverOutcome Offer(OpenStream stream)
    {
        if (_expected.TryGetValue(stream.Id, out var handover)) return handover.Put(stream);
        Span<byte> name = stackalloc byte[16];
        return stream.Id.TryWriteBytes(name) && BinaryPrimitives.ReadInt64LittleEndian(name) == _process ? HandoverOutcome.ReaderGone : HandoverOutcome.NobodyHere;
    }

    internal void Remove(Guid id) => _expected.TryRemove(id, out _);
}
