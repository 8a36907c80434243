using Meridian.Federation.Edge;
using Meridian.Grains.Hosting;
using Meridian.Grains.Routing;
using Meridian.Messages;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Meridian.Grains.Local;

/// <summary>This process's region through its grains: inside a silo, or from a process of the region that is an Orleans client of it.</summary>
public sealed partial class OrleansLocalRegion(IGrainFactory grains, ReplicaWatch watch, IOptions<RegionOptions> region, ILogger<OrleansLocalRegion> logger) : ILocalRegion
{
    private readonly IRegionEndpoint _endpoint = grains.GetGrain<IRegionEndpoint>(0);

    public string Name { get; } = region.Value.Name;

    public RegionStatus Status => watch.Status;

    /// <summary>Never throws for a region that cannot answer: the reply says it.</summary>
    /// <exception cref="OperationCanceledException">The caller's token fired.</exception>
    public async Task<InferReply> InferAsync(InferRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        try
        {
            return await _endpoint.Infer(request, cancellationToken).ConfigureAwait(false);
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
}
