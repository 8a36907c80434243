using Meridian.Federation.Edge;
using Meridian.Grains.Hosting;
using Meridian.Grains.Routing;
using Meridian.Messages;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Meridian.Grains.Local;

/// <summary>This process's region through its grains: inside a silo, or from a process of the region that is an Orleans client of it.</summary>
public sealed partial class OrleansLocalRegion : ILocalRegion
{
    private const int MaxAttempts = 2;

    private readonly ReplicaWatch _watch;
    private readonly IGrainFactory _grains;
    private readonly RegionConnection? _connection;
    private readonly TimeProvider _time;
    private readonly ILogger<OrleansLocalRegion> _logger;
    private IRegionEndpoint? _endpoint;

    /// <param name="connection">Of the Orleans client that <paramref name="grains"/> belongs to; null inside a silo.</param>
    public OrleansLocalRegion(IGrainFactory grains, ReplicaWatch watch, IOptions<RegionOptions> region, RegionConnection? connection, TimeProvider time, ILogger<OrleansLocalRegion> logger)
    {
        ArgumentNullException.ThrowIfNull(region);
        _watch = watch;
        _grains = grains;
        _connection = connection;
        _time = time;
        _logger = logger;
        Name = region.Value.Name;
    }

    public string Name { get; }

    // Asked for late: an Orleans client that is still connecting has no grains to give.
    private IRegionEndpoint Endpoint => _endpoint ??= _grains.GetGrain<IRegionEndpoint>(0);

    public RegionStatus Status => _watch.Status;

    /// <summary>Never throws for a region that cannot answer: the reply says it.</summary>
    /// <exception cref="OperationCanceledException">The caller's token fired.</exception>
    public async Task<InferReply> InferAsync(InferRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        try
        {
            return _connection is null
                ? await Endpoint.Infer(request, cancellationToken).ConfigureAwait(false)
                : await InferRemoteAsync(_connection.Watch, request, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception e) when (Unavailability.Is(e) || e is InvalidOperationException)
        {
            // InvalidOperationException: the silo or client has not started yet, or has stopped.
            LogUnreachable(request.RequestId, Name, e.Message);
            return InferReply.Refuse(RefusalCode.RegionLost, $"Region '{Name}' could not be reached: {e.Message}", retryAfterMs: 1000);
        }
        catch (Exception e)
        {
            LogFault(e, request.RequestId, Name);
            return InferReply.Refuse(RefusalCode.Internal, $"Region '{Name}' failed on request {request.RequestId}; its log has the details.");
        }
    }

    private async Task<InferReply> InferRemoteAsync(SiloWatch gateways, InferRequest request, CancellationToken caller)
    {
        var started = _time.GetTimestamp();
        for (var attempt = 1; ; attempt++)
        {
            var remaining = request.RemainingMs - (int)_time.GetElapsedTime(started).TotalMilliseconds;
            var lost = gateways.Token;
            using var life = CancellationTokenSource.CreateLinkedTokenSource(caller, lost);

            // The shard keeps the deadline; this one is for a region that no longer can.
            life.CancelAfter(Math.Max(0, remaining) + 500);
            try
            {
                return await Endpoint.Infer(attempt == 1 ? request : request with { RemainingMs = remaining }, life.Token).ConfigureAwait(false);
            }
            catch (Exception e) when (lost.IsCancellationRequested && !caller.IsCancellationRequested && attempt < MaxAttempts && Unavailability.Is(e))
            {
                LogUnreachable(request.RequestId, Name, "a gateway was lost, trying another");
            }
            catch (OperationCanceledException) when (!lost.IsCancellationRequested && !caller.IsCancellationRequested && life.IsCancellationRequested)
            {
                return InferReply.Refuse(RefusalCode.Deadline, $"The deadline of request {request.RequestId} passed before region '{Name}' answered.");
            }
        }
    }

    public Task<StreamOpening> OpenAsync(InferRequest request, CancellationToken cancellationToken) => throw new NotSupportedException();
}
