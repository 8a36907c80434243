using Meridian.Errors;
using Meridian.Federation.Regions;
using Meridian.Grains.Requests;
using Meridian.Grains.Shards;
using Meridian.Grains.Shards.Streams;
using Meridian.Grains.Silos;
using Meridian.Messages;

namespace Meridian.Grains.Local;

/// <summary>
/// A stream of a shard in another process of the region, read by grain calls. The next frame is asked for as soon as one has been delivered, and no further: a reader that stops stops its
/// sequences, one that reads on finds the next tokens on their way. One that pauses keeps its stream: the frame that waits is read again now and then.
/// </summary>
/// <remarks>
/// A read is idempotent by its offset. Tied to the shard's silo it ends with that silo, and the stream with it. An Orleans client knows only that one of its gateways has gone: it asks again
/// through another, and learns there whether the shard still has the stream.
/// </remarks>
internal sealed class PulledStream : IRegionStream
{
    /// <summary>Beyond the longest pull: for a silo that no longer answers and that nobody has found dead yet.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(5);

    /// <summary>How often the stream is read for a reader who pauses: a small part of <see cref="OpenStream.ReaderLease"/>.</summary>
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

    /// <param name="shard">The shard that has the stream.</param>
    /// <param name="silo">Life of the shard's silo, or of a client's gateways; null where neither is known.</param>
    /// <param name="throughGateways">Whether <paramref name="silo"/> stands for gateways.</param>
    /// <param name="head">As the shard answered.</param>
    /// <param name="first">As the shard answered.</param>
    /// <param name="time">Of the process.</param>
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

        // Not waited for: a shard whose silo has gone answers nobody, and one that lives has it at once. After the end the shard only forgets it sooner.
        _shard.Close(Head.Stream).Ignore();
    }

    /// <summary>
    /// A frame that waits for its reader is asked for once more, which renews the lease. The reader may take it at the same moment and ask for the next: this read is then refused, or it
    /// ends that one's wait, whose empty answer is asked for again.
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
                return new StreamReply { Refusal = StreamRefusals.Lost(Head.Region, lost.IsCancellationRequested ? "the connection to its silo ended." : "its shard did not answer.") };
            }
        }
    }
}
