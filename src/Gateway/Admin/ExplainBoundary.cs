using System.ComponentModel;
using System.Text.Json.Serialization;
using Meridian.Federation.Sovereignty;

namespace Meridian.Gateway.Admin;

[Description("Where the request's data may go.")]
internal sealed record ExplainBoundary
{
    [JsonPropertyName("jurisdictions"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), Description("Permitted jurisdictions; absent for any.")]
    public string[]? Jurisdictions { get; init; }

    [JsonPropertyName("regions"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), Description("Permitted regions; absent for any.")]
    public string[]? Regions { get; init; }

    [JsonPropertyName("edge_permitted"), Description("Whether this edge may receive the data.")]
    public required bool EdgePermitted { get; init; }

    [JsonPropertyName("parts"), Description("The rules: what each permits. All hold together.")]
    public required ExplainBoundaryPart[] Parts { get; init; }

    public static ExplainBoundary Of(in DataBoundary boundary, BoundaryPart[] parts, bool edgePermitted) => new()
    {
        Jurisdictions = boundary.Jurisdictions,
        Regions = boundary.Regions,
        EdgePermitted = edgePermitted,
        Parts = Array.ConvertAll(parts, ExplainBoundaryPart.Of),
    };
}
