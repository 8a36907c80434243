using Grpc.Core;
using Meridian.Errors;
using Meridian.Federation.Configuration;
using Meridian.Federation.Regions;
using Meridian.Messages;
using Meridian.Routing.Snapshots;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Meridian.Federation.Protocol;

/// <summary>
/// The serving side of the region protocol. One instance per process.
/// <para>
/// Infer: a refusal is sent as a reply. A fault of the region is a reply, too: <see cref="RefusalCode.Internal"/>, or <see cref="RefusalCode.RegionLost"/>
/// while the region stops, so that the edge tries another region. gRPC errors are left to the transport. If the edge cancels, reaches its deadline or dies,
/// the HTTP/2 stream is aborted, and its token is passed to the region.
/// </para>
/// <para>
/// Open: pushes frames as they come. The next frame is read only after the last one is written, and everything that came meanwhile is one frame. So a slow
/// edge pauses the stream through HTTP/2 and the engine's ring, and causes no more writes than it can take. A process that stops lets its streams run for
/// <see cref="FederationOptions.StreamDrain"/>. Streams that have not ended by then are refused with <see cref="RefusalCode.RegionLost"/>.
/// </para>
/// <para>
/// Heartbeat and Watch live as long as the observer. They end when the host begins to stop, for two reasons: an open stream would delay a graceful stop until
/// its timeout, and the end of the stream tells observers at once.
/// </para>
/// </summary>
internal sealed partial class RegionService : IDisposable
{
    private static readonly WriteOptions WithTheTrailers = new(WriteFlags.BufferHint);

    private readonly ILocalRegion _region;
    private readonly StatusVersions _statuses;
    private readonly IIntentSource _intent;
    private readonly IPeerHints _hints;
    private readonly IHostApplicationLifetime _lifetime;
    private readonly TimeProvider _time;
    private readonly ILogger<RegionService> _logger;
    private readonly CancellationTokenSource _drained;
    private readonly CancellationTokenRegistration _stopping;

    public RegionService(
        ILocalRegion region,
        IIntentSource intent,
        IPeerHints hints,
        IHostApplicationLifetime lifetime,
        IOptions<FederationOptions> options,
        TimeProvider time,
        ILogger<RegionService> logger)
    {
        _region = region;
        _statuses = new StatusVersions(region);
        _intent = intent;
        _hints = hints;
        _lifetime = lifetime;
        _time = time;
        _logger = logger;
        _drained = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        var patience = options.Value.StreamDrain;
        _stopping = lifetime.ApplicationStopping.UnsafeRegister(drained => ((CancellationTokenSource)drained!).CancelAfter(patience), _drained);
    }

    public void Dispose()
    {
        _stopping.Dispose();
        _drained.Dispose();
    }

    public async Task<InferReply> InferAsync(InferRequest request, ServerCallContext context)
    {
        if (Malformed(request) is { } malformed)
            return new InferReply { Refusal = malformed };
        var cancellationToken = context.CancellationToken;
        try
        {
            return await _region.InferAsync(request, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            return new InferReply { Refusal = Refuse(request, exception, cancellationToken) };
        }
    }

    public async Task OpenAsync(InferRequest request, IServerStreamWriter<StreamReply> replies, ServerCallContext context)
    {
        if (Malformed(request) is { } malformed)
        {
            await WroteAsync(replies, new StreamReply { Refusal = malformed }, last: true).ConfigureAwait(false);
            return;
        }

        using var ends = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, _drained.Token);
        Refusal refusal;
        try
        {
            var opening = await _region.OpenAsync(request, ends.Token).ConfigureAwait(false);
            if (opening.Stream is { } stream)
            {
                await using (stream.ConfigureAwait(false))
                    await PushAsync(stream, replies).ConfigureAwait(false);
                return;
            }

            refusal = opening.Refusal!;
        }
        catch (Exception exception)
        {
            refusal = Refuse(request, exception, context.CancellationToken);
        }

        await WroteAsync(replies, new StreamReply { Refusal = refusal }, last: true).ConfigureAwait(false);
    }

    public async Task HeartbeatAsync(IAsyncStreamReader<Beat> beats, IServerStreamWriter<BeatAck> acks, ServerCallContext context)
    {
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, _lifetime.ApplicationStopping);
        try
        {
            while (await beats.MoveNext(ends.Token).ConfigureAwait(false))
            {
                var beat = beats.Current;
                if (beat.Status is { Region: not null } status)
                    _hints.HeardFrom(status.Region, status.Incarnation);
                var ack = _statuses.Ack(beat) with { ClockMs = _time.GetUtcNow().ToUnixTimeMilliseconds() };
                await acks.WriteAsync(ack, ends.Token).ConfigureAwait(false);
            }
        }
        catch (Exception exception) when (IsEnd(exception, ends.Token))
        {
            // The observer went or this process stops.
        }
    }

    public Task WatchAsync(WatchRequest request, IServerStreamWriter<Intent> intents, ServerCallContext context) =>
        IntentPush.ServeAsync(_intent, request, intents, context, _lifetime.ApplicationStopping);

    private static async Task PushAsync(IRegionStream stream, IServerStreamWriter<StreamReply> replies)
    {
        // A shard's key has no meaning outside its region.
        StreamHead? head = stream.Head with { Shard = "" };
        while (await stream.ReadAsync(CancellationToken.None).ConfigureAwait(false) is { } frame)
        {
            if (!await WroteAsync(replies, new StreamReply { Head = head, Frame = frame }, last: frame.End).ConfigureAwait(false) || frame.End)
                return;
            head = null;
        }
    }

    /// <summary>Writes a message. False if the edge has gone.</summary>
    private static async ValueTask<bool> WroteAsync(IServerStreamWriter<StreamReply> replies, StreamReply reply, bool last)
    {
        // The last message leaves with the trailers in one write.
        if (last)
            replies.WriteOptions = WithTheTrailers;
        try
        {
            await replies.WriteAsync(reply).ConfigureAwait(false);
            return true;
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException or InvalidOperationException)
        {
            return false;
        }
    }

    private static Refusal? Malformed(InferRequest request)
    {
        if (request.Input is null || request.Model is null || request.RequestId is null || request.Tenant is null || HasNull(request.Residency) || HasNull(request.PermittedRegions))
            return new Refusal { Code = RefusalCode.InvalidInput, Message = "The request lacks its id, model, tenant or input, or names no jurisdiction or region where it lists some; the sending edge speaks another version of the region protocol." };
        if (request.Hops > InferRequest.MaxHops)
            return new Refusal { Code = RefusalCode.Internal, Message = $"The request has passed {request.Hops} regions; only the edge where it entered may send it on. Check that no region's address leads to an edge." };
        return null;
    }

    private static bool HasNull(string[]? names) => names is not null && Array.IndexOf(names, null) >= 0;

    private Refusal Refuse(InferRequest request, Exception exception, CancellationToken call)
    {
        if (exception is MeridianException { Refusal: { } refusal })
            return refusal;
        if (exception is OperationCanceledException && call.IsCancellationRequested)
            return new Refusal { Code = RefusalCode.Cancelled, Message = "The edge gave the request up." };
        if (_lifetime.ApplicationStopping.IsCancellationRequested)
            return new Refusal { Code = RefusalCode.RegionLost, Message = $"Region '{_region.Name}' is stopping." };
        LogFault(request.RequestId, request.Model, exception);
        return new Refusal { Code = RefusalCode.Internal, Message = $"Region '{_region.Name}' failed on this request; its log has request '{request.RequestId}'." };
    }

    // A write to a stream whose observer has just gone throws InvalidOperationException or IOException before the token fires.
    internal static bool IsEnd(Exception exception, CancellationToken ends) =>
        ends.IsCancellationRequested || exception is OperationCanceledException or IOException or InvalidOperationException;
}
