using Meridian.Messages.Generation;
using Meridian.Grains.Hosting;
using Meridian.Messages;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;

namespace Meridian.Grains.Routing;

/// <summary>
/// Picks a replica, holds a lease on it while it computes, and tries one other where it failed.
/// </summary>
/// <remarks>
/// Of a request's exits (answer, refusal, exception, cancellation) each passes the one <c>using</c> that owns the lease. A second attempt is made for a replica that cannot be reached,
/// is not ready, or is full; requests are idempotent, so one that was lost on the way may be computed twice. Whatever fails here beyond that is the entry edge's to retry in another region.
/// One activation a silo, and reentrant: it waits for many requests at once and works on none for long. It must be one, because Orleans delivers the cancellation of a call to a stateless
/// worker like any other call, to whichever activation is idle, and it would miss the one that has the request.
/// </remarks>
[StatelessWorker(1), Reentrant]
public sealed partial class RegionRouter : Grain, IRegionRouter
{
    private const int MaxAttempts = 2;

    private readonly string _model;
    private readonly Func<ReplicaSet> _replicas;
    private readonly RegionModels _models;
    private readonly Random _random;
    private readonly TimeProvider _time;
    private readonly ILogger<RegionRouter> _logger;

    public RegionRouter(IGrainContext context, ReplicaWatch watch, RegionModels models, Random random, TimeProvider time, ILogger<RegionRouter> logger)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(watch);
        _model = context.GrainId.Key.ToString() ?? "";
        _replicas = watch.Follow(_model);
        _models = models;
        _random = random;
        _time = time;
        _logger = logger;
    }

    public async Task<InferReply> Infer(InferRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (_replicas().Table is { } table && !RequestRules.Serves(request, table.Version, table.Variant)) return OtherVersion(table, request);
        var started = _time.GetTimestamp();
        var current = request;
        ReplicaTarget? tried = null;
        SiloWatch? lost = null;
        InferReply? refusal = null;
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            var target = ReplicaChoice.Pick(_replicas().Ready, _random, tried, lost);
            if (target is null) break;
            if (attempt > 0)
            {
                var spent = (int)_time.GetElapsedTime(started).TotalMilliseconds;
                if (spent >= request.RemainingMs) return RequestRules.OutOfTime(request);
                current = request with { RemainingMs = request.RemainingMs - spent };
            }

            using var lease = target.Lease(Items(request));
            try
            {
                var reply = target.Silo is null
                    ? await target.Shard.Infer(current, cancellationToken)
                    : await InferRemoteAsync(target, target.Silo, current, cancellationToken);
                if (reply.Refusal is not { Code: RefusalCode.NotReady or RefusalCode.NoCapacity } refused) return reply;
                refusal = reply;
                if (refused.Code == RefusalCode.NotReady)
                {
                    // The table is older than the loss of the replica's silo: Orleans has activated it anew somewhere, not loaded. So it is with the silo's other replicas.
                    target.MarkSuspect();
                    lost = target.Silo;
                }
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                throw;
            }
            catch (Exception e) when (Unavailability.Is(e))
            {
                target.MarkSuspect();
                lost = target.Silo;
                LogReplicaUnavailable(request.RequestId, target.Key, e.Message);
                refusal = InferReply.Refuse(RefusalCode.RegionLost, $"Replica {target.Key} was lost while serving request {request.RequestId}.", retryAfterMs: 1000);
            }

            tried = target;
        }

        return refusal ?? NotReady();
    }

    private static async Task<InferReply> InferRemoteAsync(ReplicaTarget target, SiloWatch silo, InferRequest request, CancellationToken caller)
    {
        var lost = silo.Token;
        using var life = CancellationTokenSource.CreateLinkedTokenSource(caller, lost);

        // The shard keeps the deadline; this one is for a silo that no longer can.
        life.CancelAfter(request.RemainingMs + 250);
        try
        {
            return await target.Shard.Infer(request, life.Token);
        }
        catch (OperationCanceledException) when (!caller.IsCancellationRequested && !lost.IsCancellationRequested && life.IsCancellationRequested)
        {
            return RequestRules.OutOfTime(request);
        }
    }

    private static int Items(InferRequest request) => request.Input is EmbeddingInput embedding ? Math.Max(1, embedding.Count) : 1;

    private InferReply OtherVersion(ReplicaTable table, InferRequest request) => InferReply.Refuse(
        RefusalCode.NotReady,
        $"Version '{request.Version ?? table.Version}', variant '{request.Variant ?? table.Variant}' of '{_model}' is asked for; region '{_models.Region}' serves {table.Version}, {table.Variant}.");

    private InferReply NotReady()
    {
        if (_models.Find(_model) is null) return new InferReply { Refusal = _models.NotFound(_model) };
        var table = _replicas().Table;
        var problem = table is null ? null : ReplicaSummary.Of(table).Problem;
        return InferReply.Refuse(
            RefusalCode.NotReady,
            $"Model '{_model}' has no ready replica in region '{_models.Region}'{(problem is null ? "." : $": {problem}")}",
            retryAfterMs: 1000);
    }

    public Task<StreamReply> Open(InferRequest request, CancellationToken cancellationToken = default) => throw new NotSupportedException();
}
