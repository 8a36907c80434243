using Meridian.Errors;
using Meridian.Federation.Regions;
using Meridian.Grains.Requests;
using Meridian.Grains.Shards;
using Meridian.Grains.Shards.Streams;
using Meridian.Grains.Silos;
using Meridian.Messages;

namespace Meridian.Grains.Local;

/// <summary>
/// A stream of a shard in another process of the region, read by grain calls.
/// </summary>
/// <remarks>
/// Normal course: when a frame is delivered, the next one is requested at once, but only one. If the reader stops, its sequences therefore stop too.
/// If it continues, the next tokens are already on their way. A paused reader keeps its stream: the waiting frame is read again from time to time,
/// which renews the lease.
/// Failures: a read is idempotent, because it names its offset. In a silo, a read ends when the shard's silo is lost, and the stream ends with it. An
/// Orleans client only learns that one of its gateways is lost. It reads again through another gateway and finds out whether the shard still has the
/// stream.
/// </remarks>
internal sealed class PulledStream : IRegionStream
{
    /// <summary>
    /// Extra time beyond the longest pull, after which a call is given up. It covers a silo that no longer answers but is not declared dead yet.
    /// </summary>
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(5);

    /// <summary>How often the stream is read for a paused reader. A small part of <see cref="OpenStream.ReaderLease"/>.</summary>
    internal static readonly TimeSpan RenewEvery = TimeSpan.FromSeconds(10);

    private readonly IModelShard _shard;
    private readonly SiloWatch? _silo;
    private readonly bool _throughGateways;
    private readonly CancellationTokenSource _life;
    private readonly ITimer _renewal;
    private StreamFrame? _first;
    private Task<StreamReply>? _next;
    private long _offset;
    private bool _ended;
    private int _disposed;

    /// <param name="silo">Watches the shard's silo, or the gateways of a client. Null if neither is known.</param>
    /// <param name="throughGateways">Whether <paramref name="silo"/> watches gateways.</param>
    /// <param name="first">The first frame, which came with the answer to the opening.</param>
    /// <param name="life">Ends the stream.</param>
    public PulledStream(IModelShard shard, SiloWatch? silo, bool throughGateways, StreamHead head, StreamFrame first, TimeProvider time, CancellationToken life)
    {
        _shard = shard;
        _silo = silo;
        _throughGateways = throughGateways;
        _life = CancellationTokenSource.CreateLinkedTokenSource(life);
        _first = first;
        Head = head;
        Advance(first);
        _renewal = time.CreateTimer(static stream => ((PulledStream)stream!).Renew(), this, RenewEvery, RenewEvery);
    }

    public StreamHead Head { get; }

    public async ValueTask<StreamFrame?> ReadAsync(CancellationToken cancellationToken)
    {
        if (_first is { } first)
        {
            _first = null;
            return first;
        }

        while (!_ended)
        {
            var next = _next ??= PullAsync(_offset);
            var reply = await next.WaitAsync(cancellationToken).ConfigureAwait(false);
            _next = null;
            if (reply.Refusal is { } refusal) throw new MeridianException(refusal);
            if (reply.Frame is not { } frame || frame.Offset != _offset) throw new MeridianException(StreamRefusals.Lost(Head.Region, $"its shard answered out of order at token {_offset}."));
            if (frame.Next == frame.Offset && !frame.End) continue;
            Advance(frame);
            return frame;
        }

        return null;
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0) return;
        await _renewal.DisposeAsync().ConfigureAwait(false);
        await _life.CancelAsync().ConfigureAwait(false);
        _life.Dispose();

        // Do not wait for the close. If the shard's silo is gone, no answer comes. If it lives, it gets the call at once. After the stream's end, the
        // call only makes the shard forget it sooner.
        _shard.Close(Head.Stream).Ignore();
    }

    /// <summary>
    /// Renews the lease by reading the waiting frame once more. The reader may take that frame at the same moment and request the next one. Then
    /// either this read is refused, or it ends the reader's wait. In the second case the reader gets an empty answer and asks again.
    /// </summary>
    private void Renew()
    {
        if (Volatile.Read(ref _next) is { IsCompletedSuccessfully: true } next && next.GetAwaiter().GetResult().Frame is { End: false } frame) TouchAsync(frame.Offset).Ignore();
    }

    private async Task TouchAsync(long offset) => await _shard.Read(Head.Stream, offset).ConfigureAwait(false);

    private void Advance(StreamFrame frame)
    {
        _offset = frame.Next;
        _ended = frame.End;
        if (!_ended) _next = PullAsync(_offset);
    }

    private async Task<StreamReply> PullAsync(long offset)
    {
        var life = _life.Token;
        for (var tries = 0; ; tries++)
        {
            var lost = _silo?.Token ?? CancellationToken.None;
            using var call = CancellationTokenSource.CreateLinkedTokenSource(life, lost);
            call.CancelAfter(ModelShard.LongestPull + Margin);
            try
            {
                return await _shard.Read(Head.Stream, offset, call.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (life.IsCancellationRequested)
            {
                throw;
            }
            catch (Exception e) when (Unavailability.Is(e))
            {
                if (_throughGateways && tries == 0 && lost.IsCancellationRequested) continue;
                var why = lost.IsCancellationRequested ? "the connection to its silo ended." : "its shard did not answer.";
                return new StreamReply { Refusal = StreamRefusals.Lost(Head.Region, why) with { Replica = Head.Shard, Again = true } };
            }
        }
    }
}
