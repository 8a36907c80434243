using System.Net;
using Meridian.Federation.Residency;
using Meridian.Messages;
using Meridian.Routing.Decision;
using Meridian.Routing.Residency;
using Meridian.Routing.Snapshots;

namespace Meridian.Gateway.Explain;

/// <summary>
/// Explains the routing decision for a request. The result is for people: this class allocates freely and runs only when a caller asks for an explanation.
/// </summary>
internal sealed class RouteExplainer(RoutingDirector director, DataBoundaries boundaries, EdgeGate gate, Random random)
{
    /// <param name="snapshot">The snapshot that the decision is based on.</param>
    /// <param name="request">The request as it goes to the edge, with its boundary.</param>
    /// <param name="asked">Jurisdictions to which the caller restricts the request, or null.</param>
    /// <param name="caller">The caller's address, or null.</param>
    public ExplainReport Explain(DirectorySnapshot snapshot, InferRequest request, string[]? asked, IPAddress? caller)
    {
        var boundary = new DataBoundary(request.Residency, request.PermittedRegions);
        request = RoutingDirector.Pin(snapshot, request, boundary);
        var explanation = director.Explain(
            snapshot,
            new RouteRequest { Model = request.Model, Version = request.Version, Variant = request.Variant, Boundary = boundary, Flex = request.Tier == "flex", Affinity = AffinityKey.Of(request), MostTokens = (request.Input as GenerationInput)?.MaxTokens ?? 0 },
            random);
        return ExplainReport.Of(
            snapshot, explanation, ExplainBoundary.Of(boundary, boundaries.Explain(snapshot.Intent, request.Tenant, asked, caller), gate.MayReceive(snapshot, boundary)));
    }
}
