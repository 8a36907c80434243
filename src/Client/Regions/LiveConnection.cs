using System.Diagnostics.CodeAnalysis;
using Meridian.Grains;

namespace Meridian.Client.Regions;

/// <summary>
/// One incarnation of the connection to a region. A request reads it once and so gets an endpoint together with the token that tells of that endpoint's loss:
/// read apart, a loss in between would leave the request waiting on a dead peer.
/// Nothing disposes it: requests hold the token for as long as they like, and a source without a timer holds nothing.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "See above.")]
internal sealed class LiveConnection(IGrainFactory grains, long incarnation, long since)
{
    /// <summary>Several times as long as a shard waits for tokens before it answers without any.</summary>
    public static readonly TimeSpan ReadLimit = TimeSpan.FromSeconds(15);

    private readonly CancellationTokenSource _lost = new();

    public IRegionEndpoint Endpoint { get; } = grains.GetGrain<IRegionEndpoint>(0);

    public long Incarnation { get; } = incarnation;

    /// <value>Timestamp of the client's clock.</value>
    public long Since { get; } = since;

    public CancellationToken Lost => _lost.Token;

    /// <param name="key">Text of a <see cref="ShardKey"/>, as a stream's head names it.</param>
    public IModelShard Shard(string key) => grains.GetGrain<IModelShard>(key);

    /// <summary>Ends every attempt under way, on another thread: the caller is the socket's.</summary>
    public void End() => _ = _lost.CancelAsync();
}
