using System.ComponentModel;
using System.Text.Json.Serialization;
using Meridian.Federation.Sovereignty;

namespace Meridian.Gateway.Admin;

[Description("One of the rules that a boundary is made of.")]
internal sealed record ExplainBoundaryPart
{
    [JsonPropertyName("rule"), Description("'tenant', 'header' or 'geofence'.")]
    public required string Rule { get; init; }

    [JsonPropertyName("why"), Description("What the rule went by.")]
    public required string Why { get; init; }

    [JsonPropertyName("jurisdictions"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), Description("Permitted jurisdictions; absent for any.")]
    public string[]? Jurisdictions { get; init; }

    [JsonPropertyName("regions"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), Description("Permitted regions; absent for any.")]
    public string[]? Regions { get; init; }

    public static ExplainBoundaryPart Of(BoundaryPart part) =>
        new() { Rule = part.Rule, Why = part.Why, Jurisdictions = part.Boundary.Jurisdictions, Regions = part.Boundary.Regions };
}
