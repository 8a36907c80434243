using System.ComponentModel;
using System.Text.Json.Serialization;
using Meridian.Federation.Directory;
using Meridian.Federation.Routing;
using Meridian.Federation.Sovereignty;

namespace Meridian.Gateway.Admin;

[Description("Why a request goes where it goes, as this edge would decide now.")]
internal sealed record ExplainReport
{
    [JsonPropertyName("edge"), Description("Name of the edge.")]
    public required string Edge { get; init; }

    [JsonPropertyName("policy"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), Description("Name of the routing policy; absent where the request was turned away before its body, which names the model.")]
    public string? Policy { get; init; }

    [JsonPropertyName("verdict"), Description("'route', 'redirect', or why no region is chosen, for example 'residency_unavailable'.")]
    public required string Verdict { get; init; }

    [JsonPropertyName("order"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), Description("Regions in the order in which they would be tried.")]
    public string[]? Order { get; init; }

    [JsonPropertyName("boundary"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ExplainBoundary? Boundary { get; init; }

    [JsonPropertyName("candidates"), Description("All regions.")]
    public required ExplainCandidate[] Candidates { get; init; }

    [JsonPropertyName("truncated"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), Description("Candidates that were left out to keep a header short; absent where all are there.")]
    public int? Truncated { get; init; }

    public static ExplainReport Of(DirectorySnapshot snapshot, RoutingExplanation explanation, ExplainBoundary boundary) => new()
    {
        Edge = snapshot.Edge,
        Policy = explanation.Policy,
        Verdict = ExplainCandidate.Name(explanation.Verdict),
        Order = explanation.Order,
        Boundary = boundary,
        Candidates = Array.ConvertAll(explanation.Regions, ExplainCandidate.Of),
    };

    /// <summary>Of a request that was turned away before its body, so that its model is not known.</summary>
    public static ExplainReport OfBorder(DirectorySnapshot snapshot, DataBoundary boundary, BoundaryPart[] parts, string verdict) => new()
    {
        Edge = snapshot.Edge,
        Verdict = verdict,
        Boundary = ExplainBoundary.Of(boundary, parts, edgePermitted: false),
        Candidates = Array.ConvertAll(snapshot.Intent.Regions, region =>
        {
            var permitted = boundary.Permits(region);
            var health = snapshot.Views.GetValueOrDefault(region.Name)?.Health ?? RegionHealth.Unknown;
            return new ExplainCandidate
            {
                Region = region.Name,
                Standing = permitted ? "permitted" : ExplainCandidate.Name(RegionStanding.Forbidden),
                Why = !permitted ? $"it is in jurisdiction '{region.Jurisdiction}', and the boundary does not permit it"
                    : region.Facade is null ? "it has no facade to send the caller to"
                    : $"its health is {health}, its facade {region.Facade.GetLeftPart(UriPartial.Authority)}",
            };
        }),
    };
}
