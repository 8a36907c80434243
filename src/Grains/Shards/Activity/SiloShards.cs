using System.Collections.Concurrent;
using Meridian.Grains.Draining;
using Meridian.Grains.Shards.Streams;

namespace Meridian.Grains.Shards.Activity;

/// <summary>The shards of this silo: gives their current work and can end their streams. Empty in a process without a silo.</summary>
public sealed class SiloShards
{
    private readonly ConcurrentDictionary<ShardActivity, byte> _shards = new();

    /// <value>The work of all shards together.</value>
    public WorkCount Total
    {
        get
        {
            var total = default(WorkCount);
            foreach (var (shard, _) in _shards) total += shard.Work;
            return total;
        }
    }

    /// <summary>Hands the streams of all shards over to other regions.</summary>
    public void LeaveRegion(string region)
    {
        var reason = StreamRefusals.RegionDraining(region);
        foreach (var (shard, _) in _shards) shard.EndStreams(reason);
    }

    /// <summary>Hands the streams of all shards over to other replicas.</summary>
    public void LeaveSilo()
    {
        foreach (var (shard, _) in _shards) shard.EndStreams(StreamRefusals.ReplicaDraining(shard.Key));
    }

    internal void Add(ShardActivity shard) => _shards[shard] = 0;

    internal void Remove(ShardActivity shard) => _shards.TryRemove(shard, out _);

    /// <summary>Hands the streams of one replica over to other replicas.</summary>
    internal void LeaveReplica(string model, int replica)
    {
        foreach (var (shard, _) in _shards)
        {
            if (shard.Key.Model == model && shard.Key.Replica == replica) shard.EndStreams(StreamRefusals.ReplicaDraining(shard.Key));
        }
    }

    internal ShardWork[] Count()
    {
        var work = new List<ShardWork>();
        foreach (var (shard, _) in _shards)
        {
            var count = shard.Work;
            if (count != default) work.Add(new ShardWork { Key = shard.Key.ToString(), Work = count });
        }

        return [.. work];
    }
}
