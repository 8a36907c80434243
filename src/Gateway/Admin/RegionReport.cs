using System.ComponentModel;
using System.Text.Json.Serialization;

namespace Meridian.Gateway.Admin;

[Description("A region as this edge sees it.")]
internal sealed record RegionReport
{
    [JsonPropertyName("name")]
    public required string Name { get; init; }

    [JsonPropertyName("jurisdiction"), Description("Law that data in this region is under, for example 'eu'.")]
    public required string Jurisdiction { get; init; }

    [JsonPropertyName("location")]
    public string? Location { get; init; }

    [JsonPropertyName("status"), Description("'alive', 'suspect', 'dead', 'stopped' where it drained before it went, or 'unknown' where it was never heard of.")]
    public required string Status { get; init; }

    [JsonPropertyName("draining"), Description("Whether it takes nothing new: it is sent requests only where no other region may or can serve.")]
    public required bool Draining { get; init; }

    [JsonPropertyName("incarnation"), Description("Start of the region's process that was heard last, unix ms; 0 while unknown.")]
    public required long Incarnation { get; init; }

    [JsonPropertyName("models")]
    public required RegionModelReport[] Models { get; init; }

    [JsonPropertyName("round_trip_ms"), Description("Smoothed round trip from this edge, ms; null while unknown; 0 for the edge's own region.")]
    public double? RoundTripMs { get; init; }

    [JsonPropertyName("changes"), Description("Changes of status that this edge has seen of the region: what flaps has many.")]
    public required int Changes { get; init; }

    [JsonPropertyName("clock_off_ms"), Description("How far the region's clock is ahead of this edge's, ms, as exactly as half the round trip; null while unknown. Decides nothing; past two seconds it is logged.")]
    public double? ClockOffMs { get; init; }

    [JsonPropertyName("in_flight"), Description("Requests that this edge has under way at the region.")]
    public required int InFlight { get; init; }

    [JsonPropertyName("facade"), Description("Address of the region's HTTP facade, or null.")]
    public string? Facade { get; init; }

    [JsonPropertyName("own"), Description("True for the region that this edge belongs to.")]
    public required bool Own { get; init; }
}
