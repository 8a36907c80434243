using System.Diagnostics.CodeAnalysis;
using Meridian.Grains;

namespace Meridian.Client.Regions;

/// <summary>
/// One incarnation of the connection to a region. Problem: a request needs an endpoint and the token that reports the loss of this endpoint. If it read the
/// two separately, a loss in between would leave the request waiting for a dead peer. So it reads this object once and gets both. The object is never
/// disposed: requests may hold the token for any time, and a token source without a timer holds no resources.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "See above.")]
internal sealed class LiveConnection(IGrainFactory grains, long incarnation, long since)
{
    /// <summary>Timeout of one read. It is several times the time that a shard waits for tokens before it answers with an empty frame.</summary>
    public static readonly TimeSpan ReadLimit = TimeSpan.FromSeconds(15);

    private readonly CancellationTokenSource _lost = new();

    public IRegionEndpoint Endpoint { get; } = grains.GetGrain<IRegionEndpoint>(0);

    public long Incarnation { get; } = incarnation;

    /// <value>Start of the connection, a timestamp of the client's clock.</value>
    public long Since { get; } = since;

    public CancellationToken Lost => _lost.Token;

    /// <param name="key">Text of a <see cref="ShardKey"/>, taken from the head of the stream.</param>
    public IModelShard Shard(string key) => grains.GetGrain<IModelShard>(key);

    /// <summary>Cancels every running attempt. It does so on another thread, because the caller is the thread of the socket.</summary>
    public void End() => _ = _lost.CancelAsync();
}
