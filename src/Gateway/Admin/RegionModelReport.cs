using System.ComponentModel;
using System.Text.Json.Serialization;

namespace Meridian.Gateway.Admin;

[Description("A version of a model in a region, as the region last said.")]
internal sealed record RegionModelReport
{
    [JsonPropertyName("model")]
    public required string Model { get; init; }

    [JsonPropertyName("version")]
    public required string Version { get; init; }

    [JsonPropertyName("variant"), Description("Precision, for example 'fp32'.")]
    public required string Variant { get; init; }

    [JsonPropertyName("replicas")]
    public required ReplicaCount Replicas { get; init; }

    [JsonPropertyName("in_flight"), Description("Items the engines work on.")]
    public required int InFlight { get; init; }

    [JsonPropertyName("queued"), Description("Items waiting.")]
    public required int Queued { get; init; }

    [JsonPropertyName("service_ms"), Description("Smoothed engine time of one item, ms; 0 while unknown.")]
    public required double ServiceMs { get; init; }

    [JsonPropertyName("problem"), Description("Why replicas are missing, or null.")]
    public string? Problem { get; init; }
}
