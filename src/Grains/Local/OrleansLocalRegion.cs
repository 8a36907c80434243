using Meridian.Federation.Regions;
using Meridian.Grains.Replicas;
using Meridian.Grains.Requests;
using Meridian.Grains.Settings;
using Meridian.Grains.Shards.Streams;
using Meridian.Grains.Silos;
using Meridian.Messages;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Meridian.Grains.Local;

/// <summary>Gives this process access to its region through grains. The process is a silo of the region or an Orleans client of it.</summary>
public sealed partial class OrleansLocalRegion : ILocalRegion
{
    private readonly ReplicaWatch _watch;
    private readonly IGrainFactory _grains;
    private readonly Handovers _handovers;
    private readonly RegionConnection? _connection;
    private readonly TimeProvider _time;
    private readonly ILogger<OrleansLocalRegion> _logger;
    private IRegionEndpoint? _endpoint;

    /// <param name="connection">The connection of the Orleans client that <paramref name="grains"/> belongs to. Null inside a silo.</param>
    public OrleansLocalRegion(
        IGrainFactory grains,
        ReplicaWatch watch,
        Handovers handovers,
        IOptions<RegionOptions> region,
        RegionConnection? connection,
        TimeProvider time,
        ILogger<OrleansLocalRegion> logger)
    {
        ArgumentNullException.ThrowIfNull(region);
        _watch = watch;
        _handovers = handovers;
        _grains = grains;
        _connection = connection;
        _time = time;
        _logger = logger;
        Name = region.Value.Name;
    }

    public string Name { get; }

    // Created at the first use: a client that is still connecting cannot create grain references.
    private IRegionEndpoint Endpoint => _endpoint ??= _grains.GetGrain<IRegionEndpoint>(0);

    public RegionStatus Status => _watch.Status;

    /// <summary>Sends the request. If the region cannot answer, the reply contains a refusal; no exception is thrown.</summary>
    /// <exception cref="OperationCanceledException">The caller's token fired.</exception>
    public async Task<InferReply> InferAsync(InferRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (!_watch.HasStarted) return new InferReply { Refusal = Unavailability.OfRegion(Name) };
        try
        {
            return _connection is null
                ? await Endpoint.Infer(request, cancellationToken).ConfigureAwait(false)
                : await CallRemoteAsync(
                    _connection.Watch,
                    request,
                    static (endpoint, request, token) => endpoint.Infer(request, token),
                    static refusal => new InferReply { Refusal = refusal },
                    cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (!(e is OperationCanceledException && cancellationToken.IsCancellationRequested))
        {
            return new InferReply { Refusal = Refuse(e, request) };
        }
    }

    /// <summary>Opens a stream. If the region cannot answer, the opening contains a refusal; no exception is thrown.</summary>
    /// <exception cref="OperationCanceledException">The caller's token fired.</exception>
    public async Task<StreamOpening> OpenAsync(InferRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (!_watch.HasStarted) return new StreamOpening(null, Unavailability.OfRegion(Name));
        using var handover = _handovers.Expect();
        request = request with { Stream = handover.Id };
        try
        {
            var reply = _connection is null
                ? await Endpoint.Open(request, cancellationToken).ConfigureAwait(false)
                : await CallRemoteAsync(
                    _connection.Watch,
                    request,
                    static (endpoint, request, token) => endpoint.Open(request, token),
                    static refusal => new StreamReply { Refusal = refusal },
                    cancellationToken).ConfigureAwait(false);
            if (reply is not { Refusal: null, Head: { } head, Frame: { } frame })
                return new StreamOpening(null, reply.Refusal ?? new Refusal { Code = RefusalCode.Internal, Message = $"Region '{Name}' opened a stream for request {request.RequestId} without a head." });
            return new StreamOpening(handover.Take() is { } stream ? new TakenStream(stream, head, frame, cancellationToken) : Pulled(head, frame, cancellationToken), null);
        }
        catch (Exception e) when (!(e is OperationCanceledException && cancellationToken.IsCancellationRequested))
        {
            return new StreamOpening(null, Refuse(e, request));
        }
    }

    private PulledStream Pulled(StreamHead head, StreamFrame frame, CancellationToken life)
    {
        var target = _watch.Find(head.Model, head.Shard);
        return new PulledStream(target?.Shard ?? _grains.GetGrain<IModelShard>(head.Shard), _connection?.Watch ?? target?.Silo, _connection is not null, head, frame, _time, life);
    }

    private Refusal Refuse(Exception e, InferRequest request)
    {
        if (Unavailability.Is(e) || e is InvalidOperationException || _watch.HasStopped)
        {
            // InvalidOperationException: the client is not connected yet or has stopped. After a silo has stopped, any exception only says that the
            // region cannot be reached.
            LogUnreachable(request.RequestId, Name, e.Message);
            return new Refusal { Code = RefusalCode.RegionLost, Message = $"Region '{Name}' could not be reached: {e.Message}", RetryAfterMs = 1000 };
        }

        LogFault(e, request.RequestId, Name);
        return new Refusal { Code = RefusalCode.Internal, Message = $"Region '{Name}' failed on request {request.RequestId}; its log has the details." };
    }

    /// <summary>
    /// One attempt through the gateways. The gateway of a call is not known, so the loss of any gateway ends it. The edge then repeats it through another
    /// gateway, within its budget.
    /// </summary>
    private async Task<TReply> CallRemoteAsync<TReply>(
        SiloWatch gateways, InferRequest request, Func<IRegionEndpoint, InferRequest, CancellationToken, Task<TReply>> call, Func<Refusal, TReply> refuse, CancellationToken caller)
    {
        var lost = gateways.Token;
        using var life = CancellationTokenSource.CreateLinkedTokenSource(caller, lost);

        // Normally the shard enforces the deadline. This timeout is for a region that no longer can.
        life.CancelAfter(Math.Max(0, request.RemainingMs) + 500);
        try
        {
            return await call(Endpoint, request, life.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (lost.IsCancellationRequested && !caller.IsCancellationRequested && Unavailability.Is(e))
        {
            LogUnreachable(request.RequestId, Name, "a gateway was lost");
            var message = $"A gateway of region '{Name}' was lost while it served request {request.RequestId}.";
            return refuse(new Refusal { Code = RefusalCode.RegionLost, Message = message, RetryAfterMs = 1000, Again = true });
        }
        catch (OperationCanceledException) when (!lost.IsCancellationRequested && !caller.IsCancellationRequested && life.IsCancellationRequested)
        {
            return refuse(new Refusal { Code = RefusalCode.Deadline, Message = $"The deadline of request {request.RequestId} passed before region '{Name}' answered." });
        }
    }
}
