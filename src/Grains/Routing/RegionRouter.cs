using Meridian.Grains.Replicas;
using Meridian.Grains.Requests;
using Meridian.Grains.Settings;
using Meridian.Grains.Silos;
using Meridian.Messages;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Concurrency;

namespace Meridian.Grains.Routing;

/// <summary>
/// Chooses a replica for a request and holds a lease on it during the computation. If the replica fails, the router tries one other replica.
/// </summary>
/// <remarks>
/// Every exit of a request (answer, refusal, exception, cancellation) passes the single <c>using</c> that owns the lease.
/// <para>
/// Failures: the router makes a second attempt if the replica cannot be reached, is not ready, or is full. Requests are idempotent, so a request that
/// was lost on the way may be computed twice. Further failures are for the entry edge, which retries in another region.
/// </para>
/// <para>
/// A stream continues after the answer to its opening. The replica reports the stream as load only some hundred ms later. Until then the lease
/// lingers. Otherwise all streams of a burst would go to the replica that looked idle before the burst.
/// </para>
/// The router has one activation per silo and is reentrant: it waits for many requests at once and computes little for each. More than one activation
/// would break cancellation. Orleans delivers the cancellation of a call to a stateless worker like any other call, to any idle activation, which may
/// not be the one that has the request.
/// </remarks>
[StatelessWorker(1), Reentrant]
public sealed partial class RegionRouter : Grain, IRegionRouter
{
    private const int MaxAttempts = 2;

    private static readonly Call<InferReply> Inference = new(
        static (shard, request, cancellationToken) => shard.Infer(request, cancellationToken), static reply => reply.Refusal, static refusal => new InferReply { Refusal = refusal });

    private static readonly Call<StreamReply> Opening = new(
        static (shard, request, cancellationToken) => shard.Open(request, cancellationToken), static reply => reply.Refusal, static refusal => new StreamReply { Refusal = refusal }, GoesOn: true);

    private readonly string _model;
    private readonly Func<ReplicaSet> _replicas;
    private readonly RegionModels _models;
    private readonly Random _random;
    private readonly TimeProvider _time;
    private readonly TimeSpan _untilReported;
    private readonly ILogger<RegionRouter> _logger;

    public RegionRouter(IGrainContext context, ReplicaWatch watch, IOptions<RegionOptions> region, RegionModels models, Random random, TimeProvider time, ILogger<RegionRouter> logger)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(watch);
        ArgumentNullException.ThrowIfNull(region);
        _model = context.GrainId.Key.ToString() ?? "";
        _replicas = watch.Follow(_model);
        _models = models;
        _random = random;
        _time = time;
        _logger = logger;

        // A replica is asked for its load once per ReconcileInterval. The table with the answer may take up to one long poll to arrive.
        _untilReported = (2 * region.Value.ReconcileInterval) + region.Value.LongPoll;
    }

    public Task<InferReply> Infer(InferRequest request, CancellationToken cancellationToken = default) => RouteAsync(Inference, request, cancellationToken);

    public Task<StreamReply> Open(InferRequest request, CancellationToken cancellationToken = default) => RouteAsync(Opening, request, cancellationToken);

    private async Task<TReply> RouteAsync<TReply>(Call<TReply> call, InferRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (!_replicas().Has(request.Version, request.Variant)) return call.Refuse(OtherVersion(request));
        var started = _time.GetTimestamp();
        var current = request;
        ReplicaTarget? tried = null;
        SiloWatch? lost = null;
        TReply? refusal = default;
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            var target = ReplicaChoice.Pick(_replicas().Of(request.Version, request.Variant), _random, tried, lost);
            if (target is null) break;
            if (attempt > 0)
            {
                var spent = (int)_time.GetElapsedTime(started).TotalMilliseconds;
                if (spent >= request.RemainingMs) return call.Refuse(RequestRules.OutOfTime(request));
                current = request with { RemainingMs = request.RemainingMs - spent };
            }

            using var lease = target.Lease(Items(request));
            try
            {
                var reply = target.Silo is null
                    ? await call.Send(target.Shard, current, cancellationToken)
                    : await SendRemoteAsync(call, target, target.Silo, current, cancellationToken);
                if (call.RefusalOf(reply) is not { Code: RefusalCode.NotReady or RefusalCode.NoCapacity } refused)
                {
                    if (call.GoesOn && call.RefusalOf(reply) is null) lease.Linger(_untilReported, _time);
                    return reply;
                }

                refusal = reply;
                if (refused.Code == RefusalCode.NotReady)
                {
                    // The table is older than the loss of the replica's silo. Orleans has activated the replica again somewhere, where it is not
                    // loaded. The same is true of the silo's other replicas.
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
                refusal = call.Refuse(new Refusal
                {
                    Code = RefusalCode.RegionLost,
                    Message = $"Replica {target.Key} was lost while serving request {request.RequestId}.",
                    RetryAfterMs = 1000,
                });
            }

            tried = target;
        }

        return refusal ?? call.Refuse(NotReady());
    }

    private static async Task<TReply> SendRemoteAsync<TReply>(Call<TReply> call, ReplicaTarget target, SiloWatch silo, InferRequest request, CancellationToken caller)
    {
        var lost = silo.Token;
        using var life = CancellationTokenSource.CreateLinkedTokenSource(caller, lost);

        // Normally the shard enforces the deadline. This timeout is for a silo that no longer can.
        life.CancelAfter(request.RemainingMs + 250);
        try
        {
            return await call.Send(target.Shard, request, life.Token);
        }
        catch (OperationCanceledException) when (!caller.IsCancellationRequested && !lost.IsCancellationRequested && life.IsCancellationRequested)
        {
            return call.Refuse(RequestRules.OutOfTime(request));
        }
    }

    private static int Items(InferRequest request) => request.Input switch
    {
        EmbeddingInput embedding => Math.Max(1, embedding.Count),
        GenerationInput { Prompts: not null } generation => Math.Clamp(generation.Choices, 1, GenerationInput.MaxChoices),
        _ => 1,
    };

    private Refusal OtherVersion(InferRequest request)
    {
        var served = _replicas().Table is { } table ? (table.Sets ?? []).Select(static set => $"{set.Version}, {set.Variant}").DefaultIfEmpty($"{table.Version}, {table.Variant}") : [];
        return new Refusal
        {
            Code = RefusalCode.NotReady,
            Message = $"Version '{request.Version ?? "any"}', variant '{request.Variant ?? "any"}' of '{_model}' is asked for; region '{_models.Region}' serves {string.Join("; ", served)}.",
        };
    }

    private Refusal NotReady()
    {
        if (_models.Find(_model) is null) return _models.NotFound(_model);
        var table = _replicas().Table;
        var problem = table is null ? null : ReplicaSummary.ProblemOf(table);
        return new Refusal
        {
            Code = RefusalCode.NotReady,
            Message = $"Model '{_model}' has no ready replica in region '{_models.Region}'{(problem is null ? "." : $": {problem}")}",
            RetryAfterMs = 1000,
        };
    }

    /// <summary>A kind of request to a shard. It lets all kinds share the same routing.</summary>
    /// <param name="Send">Sends the request to the shard.</param>
    /// <param name="RefusalOf">Returns the reply's refusal, or null.</param>
    /// <param name="Refuse">Builds a reply from a refusal.</param>
    /// <param name="GoesOn">Whether the shard continues to work after its reply.</param>
    private sealed record Call<TReply>(
        Func<IModelShard, InferRequest, CancellationToken, Task<TReply>> Send, Func<TReply, Refusal?> RefusalOf, Func<Refusal, TReply> Refuse, bool GoesOn = false);
}
