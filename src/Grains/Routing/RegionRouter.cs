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
/// Chooses a replica for a request and holds a lease on it during the computation. Makes one attempt at one replica.
/// </summary>
/// <remarks>
/// Every exit of a request (answer, refusal, exception, cancellation) passes the single <c>using</c> that owns the lease.
/// <para>
/// Failures: retries belong to the entry edge. If the replica cannot be reached, is not ready, or is full, the refusal names it and says whether the
/// region has another. The edge then sends the request again and excludes the replica. Requests are idempotent, so a request that was lost on the way
/// may be computed twice.
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
        var replicas = _replicas();
        if (!replicas.Has(request.Version, request.Variant)) return call.Refuse(OtherVersion(request));
        var target = ReplicaChoice.Pick(replicas.Of(request.Version, request.Variant), _random, request.ExcludedReplicas);
        if (target is null) return call.Refuse(NotReady() with { Replica = request.ExcludedReplicas is [.., var last] ? last : null });
        using var lease = target.Lease(Items(request));
        try
        {
            var reply = target.Silo is null
                ? await call.Send(target.Shard, request, cancellationToken)
                : await SendRemoteAsync(call, target, target.Silo, request, cancellationToken);
            switch (call.RefusalOf(reply))
            {
                case null:
                    if (call.GoesOn) lease.Linger(_untilReported, _time);
                    return reply;
                case { Code: RefusalCode.NotReady } refused:
                    // The table is older than the loss of the replica's silo. Orleans has activated the replica again somewhere, where it is not loaded.
                    target.MarkSuspect();
                    return call.Refuse(Failed(refused, target, request));
                case { Code: RefusalCode.NoCapacity } refused:
                    return call.Refuse(Failed(refused, target, request));
                default:
                    return reply;
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception e) when (Unavailability.Is(e))
        {
            target.MarkSuspect();
            LogReplicaUnavailable(request.RequestId, target.Key, e.Message);

            // NotReady, not RegionLost: the region is well, and an older edge would count RegionLost as a fault of the region.
            var message = $"Replica {target.Key} was lost while serving request {request.RequestId}.";
            return call.Refuse(Failed(new Refusal { Code = RefusalCode.NotReady, Message = message, RetryAfterMs = 1000 }, target, request));
        }
    }

    /// <summary>The refusal of one replica, with the facts that let the edge ask another one.</summary>
    private Refusal Failed(Refusal refusal, ReplicaTarget target, InferRequest request) =>
        refusal with { Replica = target.Key, Again = ReplicaChoice.HasOther(_replicas().Of(request.Version, request.Variant), target.Key, request.ExcludedReplicas) };

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

        // Without replicas or files, the model is not being loaded, and waiting does not help.
        var loading = table is null || (table.DesiredReplicas > 0 && !ModelStatus.IsMissingFiles(problem));
        return new Refusal
        {
            Code = RefusalCode.NotReady,
            Message = $"Model '{_model}' has no ready replica in region '{_models.Region}'{(problem is null ? "." : $": {problem}")}",
            RetryAfterMs = loading ? 1000 : 0,
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
