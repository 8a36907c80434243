using Meridian.Grains;
using Meridian.Messages;
using Orleans.Concurrency;

namespace Meridian.Client.Tests.Harness;

/// <summary>
/// The region's door, answering as the test wrote. One worker a silo: Orleans delivers a cancellation to any worker, and only the one that runs the request can heed it.
/// </summary>
[StatelessWorker(1), Reentrant]
public sealed class ScriptedEndpoint(RegionScript script) : Grain, IRegionEndpoint
{
    public Task<InferReply> Infer(InferRequest request, CancellationToken cancellationToken = default)
    {
        script.Requests.Enqueue(request);
        return script.Infer(request, cancellationToken);
    }

    public Task<StreamReply> Open(InferRequest request, CancellationToken cancellationToken = default)
    {
        script.Requests.Enqueue(request);
        return script.Open(request, cancellationToken);
    }

    public Task<RegionStatus> Status(CancellationToken cancellationToken = default) =>
        Task.FromResult(new RegionStatus { Region = script.Region, Incarnation = script.Incarnation, Models = script.Models, Draining = script.Draining });
}
