using Meridian.Messages.Generation;
using System.Collections.Frozen;
using Meridian.Grains.Hosting;
using Meridian.Messages;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Concurrency;

namespace Meridian.Grains.Routing;

/// <summary>
/// The door: checks again what the edge has checked (residency fails closed, whoever asks), and passes on to the model's router. One activation a silo and reentrant, see <see cref="RegionRouter"/>.
/// </summary>
[StatelessWorker(1), Reentrant]
public sealed partial class RegionEndpoint : Grain, IRegionEndpoint
{
    private readonly RegionOptions _region;
    private readonly RegionModels _models;
    private readonly ReplicaWatch _watch;
    private readonly FrozenDictionary<string, IRegionRouter> _routers;
    private readonly ILogger<RegionEndpoint> _logger;

    public RegionEndpoint(IGrainFactory grains, IOptions<RegionOptions> region, RegionModels models, ReplicaWatch watch, ILogger<RegionEndpoint> logger)
    {
        ArgumentNullException.ThrowIfNull(region);
        ArgumentNullException.ThrowIfNull(models);
        _region = region.Value;
        _models = models;
        _watch = watch;
        _routers = models.Names.ToFrozenDictionary(m => m, m => grains.GetGrain<IRegionRouter>(m), StringComparer.Ordinal);
        _logger = logger;
    }

    public Task<InferReply> Infer(InferRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        var refusal = Admission.Check(request, _region);
        if (refusal is not null) return Task.FromResult(new InferReply { Refusal = refusal });
        return _routers.TryGetValue(request.Model, out var router)
            ? RouteAsync(router, request, cancellationToken)
            : Task.FromResult(new InferReply { Refusal = _models.NotFound(request.Model) });
    }

    public Task<RegionStatus> Status(CancellationToken cancellationToken = default) => Task.FromResult(_watch.Status);

    private async Task<InferReply> RouteAsync(IRegionRouter router, InferRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return await router.Infer(request, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception e) when (Unavailability.Is(e))
        {
            return InferReply.Refuse(RefusalCode.RegionLost, $"Region '{_region.Name}' is stopping.", retryAfterMs: 1000);
        }
        catch (Exception e)
        {
            LogFault(e, request.RequestId, request.Model);
            return InferReply.Refuse(RefusalCode.Internal, $"Region '{_region.Name}' failed on request {request.RequestId}; its log has the details.");
        }
    }

    public Task<StreamReply> Open(InferRequest request, CancellationToken cancellationToken = default) => throw new NotSupportedException();
}
