using Meridian.Grains.Draining;
using Meridian.Grains.Shards.Streams;
using Meridian.Messages;

namespace Meridian.Grains.Shards.Activity;

/// <summary>What one shard of this silo does, counted by the shard, read from any thread.</summary>
internal sealed class ShardActivity(ShardKey key, ShardStreams streams)
{
    private int _embeddings;
    private int _conversions;
    private int _openings;

    public ShardKey Key { get; } = key;

    /// <value>Whether the shard holds an engine or is about to.</value>
    public bool Loaded { get; set; }

    public WorkCount Work => new(Volatile.Read(ref _embeddings), Volatile.Read(ref _conversions), Volatile.Read(ref _openings) + streams.Running, Loaded ? 1 : 0);

    public void Embedding(int change) => Interlocked.Add(ref _embeddings, change);

    public void Conversion(int change) => Interlocked.Add(ref _conversions, change);

    /// <summary>A stream that is being opened; once it is open it counts by itself.</summary>
    public void Opening(int change) => Interlocked.Add(ref _openings, change);

    public void EndStreams(Refusal reason) => streams.EndAll(reason);
}
