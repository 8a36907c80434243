using Meridian.Grains.Draining;
using Meridian.Grains.Shards.Streams;
using Meridian.Messages;

namespace Meridian.Grains.Shards.Activity;

/// <summary>Counts the current work of one shard of this silo. The shard writes the counts; any thread may read them.</summary>
internal sealed class ShardActivity(ShardKey key, ShardStreams streams)
{
    private int _embeddings;
    private int _conversions;
    private int _openings;

    public ShardKey Key { get; } = key;

    /// <value>Whether the shard has an engine or is loading one.</value>
    public bool Loaded { get; set; }

    public WorkCount Work => new(Volatile.Read(ref _embeddings), Volatile.Read(ref _conversions), Volatile.Read(ref _openings) + streams.Running, Loaded ? 1 : 0);

    /// <value>Whether no request is under way.</value>
    public bool IsIdle => Volatile.Read(ref _embeddings) == 0 && Volatile.Read(ref _conversions) == 0 && Volatile.Read(ref _openings) == 0 && streams.Running == 0;

    public void Embedding(int change) => Interlocked.Add(ref _embeddings, change);

    public void Conversion(int change) => Interlocked.Add(ref _conversions, change);

    /// <summary>Counts streams that are being opened. An open stream counts in <see cref="ShardStreams.Running"/>.</summary>
    public void Opening(int change) => Interlocked.Add(ref _openings, change);

    public void EndStreams(Refusal reason) => streams.EndAll(reason);
}
