using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Serialization;
using Meridian.Routing.Decision;
using Meridian.Routing.Residency;
using Meridian.Routing.Snapshots;
using Meridian.Routing.Tables;

namespace Meridian.Gateway.Explain;

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

    /// <summary>Creates the report of a request that was turned away before its body was read, so that its model is not known.</summary>
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

[Description("A region, and what a decision makes of it.")]
internal sealed record ExplainCandidate
{
    [JsonPropertyName("region")]
    public required string Region { get; init; }

    [JsonPropertyName("standing"), Description("Its rank, for example 'ready', or the rule that dropped it, for example 'forbidden'.")]
    public required string Standing { get; init; }

    [JsonPropertyName("why"), Description("The same in words, with the values.")]
    public required string Why { get; init; }

    [JsonPropertyName("score"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), Description("The policy's score, less is better; absent for a region that may not serve.")]
    public double? Score { get; init; }

    [JsonPropertyName("facts"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), Description("What the score was made of; absent with it.")]
    public ExplainFacts? Facts { get; init; }

    public static ExplainCandidate Of(RegionExplanation region) => new()
    {
        Region = region.Region,
        Standing = Name(region.Standing),
        Why = region.Why,
        Score = double.IsFinite(region.Score) ? Math.Round(region.Score, 3) : null,
        Facts = double.IsFinite(region.Score) ? ExplainFacts.Of(region.Facts) : null,
    };

    /// <summary>Returns the value of an enumeration as the API writes it.</summary>
    public static string Name(Enum value) => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());
}

[Description("What a region's score was made of.")]
internal sealed record ExplainFacts
{
    [JsonPropertyName("round_trip_ms"), Description("Smoothed round trip from this edge, ms.")]
    public required double RoundTripMs { get; init; }

    [JsonPropertyName("queue_ms"), Description("Time that what waits there now will take, ms.")]
    public required double QueueMs { get; init; }

    [JsonPropertyName("service_ms"), Description("Engine time of one item, ms; 0 while unknown.")]
    public required double ServiceMs { get; init; }

    [JsonPropertyName("load_per_replica"), Description("Items waiting or being computed, a ready replica.")]
    public required double LoadPerReplica { get; init; }

    [JsonPropertyName("replicas"), Description("Ready replicas that would do.")]
    public required double Replicas { get; init; }

    [JsonPropertyName("price_per_hour"), Description("Price of a replica's hour; 0 while unknown.")]
    public required double PricePerHour { get; init; }

    [JsonPropertyName("in_flight"), Description("Requests that this edge has under way there.")]
    public required int InFlight { get; init; }

    public static ExplainFacts Of(in RegionFacts facts) => new()
    {
        RoundTripMs = Math.Round(facts.RoundTripMs, 3),
        QueueMs = Math.Round(facts.QueueMs, 3),
        ServiceMs = Math.Round(facts.ServiceMs, 3),
        LoadPerReplica = Math.Round(facts.LoadPerReplica, 3),
        Replicas = facts.Replicas,
        PricePerHour = facts.PricePerHour,
        InFlight = facts.InFlight,
    };
}

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
