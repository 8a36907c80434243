using System.ComponentModel;
using System.Text.Json.Serialization;
using Meridian.Federation.Routing;

namespace Meridian.Gateway.Admin;

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
