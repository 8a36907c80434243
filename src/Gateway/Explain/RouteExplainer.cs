using System.Net;
using Meridian.Federation.Residency;
using Meridian.Messages;
using Meridian.Routing.Decision;
using Meridian.Routing.Residency;
using Meridian.Routing.Snapshots;

namespace Meridian.Gateway.Explain;

/// <summary>Says why a request goes where it goes. For people: allocates freely, and runs only where it is asked for.</summary>
internal sealed class RouteExplainer(RoutingDirector director, DataBoundaries boundaries, EdgeGate gate, Random random)
{
    /// <param name="snapshot">What the decision looks at.</param>
    /// <param name="request">As it goes to the edge, its boundary on it.</param>
    /// <param name="asked">Jurisdictions that the caller narrows to, or null.</param>
    /// <param name="caller">The caller's address, or null.</param>
    public ExplainReport Explain(DirectorySnapshot snapshot, InferRequest request, string[]? asked, IPAddress? caller)
    {
        var boundary = new DataBoundary(request.Residency, request.PermittedRegions);
        var explanation = director.Explain(
            snapshot,
            new RouteRequest { Model = request.Model, Version = request.Version, Variant = request.Variant, Boundary = boundary, Flex = request.Tier == "flex", Affinity = AffinityKey.Of(request), MostTokens = (request.Input as GenerationInput)?.MaxTokens ?? 0 },
            random);
        return ExplainReport.Of(
            snapshot, explanation, ExplainBoundary.Of(boundary, boundaries.Explain(snapshot.Intent, request.Tenant, asked, caller), gate.MayReceive(snapshot, boundary)));
    }
}
