using System.Collections.Concurrent;

namespace Meridian.Grains.Shards.Streams;

/// <summary>
/// Where a shard hands a stream to a reader of the same process, past the grains. A reader says first by which name it will open one; a shard that has opened it asks whether its reader is here.
/// </summary>
/// <remarks>
/// A call given up by its caller may still be answered, to nobody: the shard's last look at the token and the delivery of the answer are apart. The handover has one lock for both sides,
/// so a stream is either given to a reader that will close it, or its shard learns that the reader is gone.
/// </remarks>
public sealed class Handovers
{
    private readonly ConcurrentDictionary<Guid, Handover> _expected = new();

    /// <summary>Announces a reader. Disposed by it when the opening is over.</summary>
    internal Handover Expect()
    {
        var handover = new Handover(Guid.NewGuid(), this);
        _expected.TryAdd(handover.Id, handover);
        return handover;
    }

    /// <summary>Gives a stream to its reader, if that is here.</summary>
    internal HandoverOutcome Offer(OpenStream stream) =>
        _expected.TryGetValue(stream.Id, out var handover) ? handover.Put(stream) : HandoverOutcome.NobodyHere;

    internal void Remove(Guid id) => _expected.TryRemove(id, out _);
}
