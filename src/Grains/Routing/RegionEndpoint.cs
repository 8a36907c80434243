using System.Collections.Concurrent;
using Meridian.Grains.Replicas;
using Meridian.Grains.Requests;
using Meridian.Grains.Settings;
using Meridian.Messages;
using Meridian.Routing.Versions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Concurrency;

namespace Meridian.Grains.Routing;

/// <summary>
/// The entry of a region. It repeats the checks of the edge and passes the request to the model's router. The check of the data's boundary refuses in
/// case of doubt, for every caller. There is one reentrant activation per silo, see <see cref="RegionRouter"/>.
/// </summary>
[StatelessWorker(1), Reentrant]
public sealed partial class RegionEndpoint : Grain, IRegionEndpoint
{
    private readonly RegionOptions _region;
    private readonly RegionAdmission _admission;
    private readonly RegionModels _models;
    private readonly ReplicaWatch _watch;
    private readonly IGrainFactory _grains;
    private readonly ConcurrentDictionary<string, IRegionRouter> _routers = new(StringComparer.Ordinal);
    private readonly ILogger<RegionEndpoint> _logger;

    public RegionEndpoint(IGrainFactory grains, IOptions<RegionOptions> region, RegionAdmission admission, RegionModels models, ReplicaWatch watch, ILogger<RegionEndpoint> logger)
    {
        ArgumentNullException.ThrowIfNull(region);
        ArgumentNullException.ThrowIfNull(models);
        _region = region.Value;
        _admission = admission;
        _models = models;
        _watch = watch;
        _grains = grains;
        _logger = logger;
    }

    public async Task<InferReply> Infer(InferRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (Find(ref request, out var router) is { } refusal) return new InferReply { Refusal = refusal };
        try
        {
            return await router.Infer(request, cancellationToken);
        }
        catch (Exception e) when (!(e is OperationCanceledException && cancellationToken.IsCancellationRequested))
        {
            return new InferReply { Refusal = Refuse(e, request) };
        }
    }

    public async Task<StreamReply> Open(InferRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (Find(ref request, out var router) is { } refusal) return new StreamReply { Refusal = refusal };
        try
        {
            return await router.Open(request, cancellationToken);
        }
        catch (Exception e) when (!(e is OperationCanceledException && cancellationToken.IsCancellationRequested))
        {
            return new StreamReply { Refusal = Refuse(e, request) };
        }
    }

    public Task<RegionStatus> Status(CancellationToken cancellationToken = default) => Task.FromResult(_watch.Status);

    /// <summary>Checks the request, and pins one that names no version to a version of the deployment.</summary>
    /// <returns>Null if the request may enter.</returns>
    private Refusal? Find(ref InferRequest request, out IRegionRouter router)
    {
        router = null!;
        if (_admission.Check(request) is { } refusal) return refusal;
        if (_models.Find(request.Model) is not { } model) return _models.NotFound(request.Model);
        if (RequestRules.OverLimit(request, model.Spec.Limits) is { } over) return over;
        request = RequestRules.Limited(request, model.Spec.Limits);
        if (VersionPin.Applies(request, model.Deployment)) request = Pin(request, model);
        router = _routers.GetOrAdd(request.Model, static (name, grains) => grains.GetGrain<IRegionRouter>(name), _grains);
        return null;
    }

    private InferRequest Pin(InferRequest request, CatalogueModel model) => VersionPin.Of(
        request,
        model.Deployment,
        (Replicas: _watch.Of(model.Name), request.ExcludedReplicas),
        static (known, version, variant) => ReplicaChoice.HasOther(known.Replicas.Of(version, variant), failed: null, known.ExcludedReplicas));

    private Refusal Refuse(Exception e, InferRequest request)
    {
        if (Unavailability.Is(e)) return new Refusal { Code = RefusalCode.RegionLost, Message = $"Region '{_region.Name}' is stopping.", RetryAfterMs = 1000 };
        LogFault(e, request.RequestId, request.Model);
        return new Refusal { Code = RefusalCode.Internal, Message = $"Region '{_region.Name}' failed on request {request.RequestId}; its log has the details." };
    }
}
