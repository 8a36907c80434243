using System.Collections.Concurrent;

namespace Meridian.Intents.Tests.Chaos;

/// <summary>Hashes of all copies of all nodes, through all their lives, by applied index. Two at one index must be equal.</summary>
public sealed class HashBook
{
    private readonly ConcurrentDictionary<long, (string Hash, string Node)> _hashes = new();
    private readonly ConcurrentDictionary<string, bool> _compared = new();
    private int _equal;

    /// <value>How often a node had the hash of another at one index.</value>
    public int Equal => _equal;

    /// <summary>Enters what the nodes that answer have.</summary>
    public Task CollectAsync(ChaosCluster cluster) => Task.WhenAll(cluster.Nodes.Select(async node =>
    {
        foreach (var (index, hash) in (await node.HashesAsync(0)).Select(entry => (entry.AppliedIndex, entry.Hash)))
        {
            var first = _hashes.GetOrAdd(index, (hash, node.Name));
            Assert.True(first.Hash == hash, $"At applied index {index}, {node.Name} differs from {first.Node}.");
            if (first.Node != node.Name && _compared.TryAdd($"{node.Name} {index}", true))
                Interlocked.Increment(ref _equal);
        }
    }));
}
