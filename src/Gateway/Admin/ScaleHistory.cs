using System.ComponentModel;
using System.Text.Json.Serialization;

namespace Meridian.Gateway.Admin;

[Description("The most recent changes of the number of replicas, oldest first.")]
internal sealed record ScaleHistory
{
    [JsonPropertyName("model")]
    public required string Model { get; init; }

    [JsonPropertyName("changes")]
    public required ScaleReport[] Changes { get; init; }
}
