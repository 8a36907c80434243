using Grpc.Core;
using Meridian.Federation.Directory;
using Meridian.Federation.Edge;
using Meridian.Federation.Liveness;
using Meridian.Messages;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Meridian.Federation.Protocol;

/// <summary>
/// The serving side of the region protocol. One instance a process.
/// <para>
/// Infer: a refusal is a reply; a fault of the region is a reply too (<see cref="RefusalCode.Internal"/>, or <see cref="RefusalCode.RegionLost"/> while it stops, so that
/// the edge goes elsewhere). gRPC errors are left to the transport. The edge's cancellation, deadline or death aborts the HTTP/2 stream, whose token goes to the region.
/// </para>
/// <para>
/// Heartbeat and Watch live as long as the observer. They end when the host begins to stop: an open stream would hold a graceful stop for its whole time-out,
/// and its end is what tells observers at once.
/// </para>
/// </summary>
internal sealed partial class RegionService(
    ILocalRegion region, IIntentSource intent, IPeerHints hints, IHostApplicationLifetime lifetime, ILogger<RegionService> logger)
{
    public async Task<InferReply> InferAsync(InferRequest request, ServerCallContext context)
    {
        if (request.Input is null || request.Model is null || request.RequestId is null)
            return InferReply.Refuse(RefusalCode.InvalidInput, "The request lacks its id, model or input; the sending edge speaks another version of the region protocol.");
        if (request.Hops > InferRequest.MaxHops)
            return InferReply.Refuse(RefusalCode.Internal, $"The request has passed {request.Hops} regions; only the edge where it entered may send it on. Check that no region's address leads to an edge.");
        var cancellationToken = context.CancellationToken;
        try
        {
            return await region.InferAsync(request, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return InferReply.Refuse(RefusalCode.Cancelled, "The edge gave the request up.");
        }
        catch (Exception) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            return InferReply.Refuse(RefusalCode.RegionLost, $"Region '{region.Name}' is stopping.");
        }
        catch (Exception exception)
        {
            LogFault(request.RequestId, request.Model, exception);
            return InferReply.Refuse(RefusalCode.Internal, $"Region '{region.Name}' failed on this request; its log has request '{request.RequestId}'.");
        }
    }

    public async Task HeartbeatAsync(IAsyncStreamReader<Beat> beats, IServerStreamWriter<BeatAck> acks, ServerCallContext context)
    {
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        try
        {
            while (await beats.MoveNext(ends.Token).ConfigureAwait(false))
            {
                var beat = beats.Current;
                if (beat.Status is { Region: not null } status)
                    hints.HeardFrom(status.Region, status.Incarnation);
                await acks.WriteAsync(new BeatAck { Sequence = beat.Sequence, SentTimestamp = beat.SentTimestamp, Status = region.Status }, ends.Token).ConfigureAwait(false);
            }
        }
        catch (Exception exception) when (IsEnd(exception, ends.Token))
        {
            // The observer went or this process stops.
        }
    }

    public async Task WatchAsync(WatchRequest request, IServerStreamWriter<Intent> intents, ServerCallContext context)
    {
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        try
        {
            var known = request.KnownEpoch;
            var current = intent.Current;
            while (true)
            {
                if (current.Epoch > known)
                {
                    await intents.WriteAsync(current, ends.Token).ConfigureAwait(false);
                    known = current.Epoch;
                }

                current = await intent.WaitForChangeAsync(known, ends.Token).ConfigureAwait(false);
            }
        }
        catch (Exception exception) when (IsEnd(exception, ends.Token))
        {
        }
    }

    // A write to a stream whose observer has just gone throws InvalidOperationException or IOException before the token fires.
    private static bool IsEnd(Exception exception, CancellationToken ends) =>
        ends.IsCancellationRequested || exception is OperationCanceledException or IOException or InvalidOperationException;
}
