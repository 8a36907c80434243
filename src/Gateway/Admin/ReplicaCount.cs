using System.ComponentModel;
using System.Text.Json.Serialization;

namespace Meridian.Gateway.Admin;

internal sealed record ReplicaCount
{
    [JsonPropertyName("ready"), Description("Replicas loaded, verified and warm.")]
    public required int Ready { get; init; }

    [JsonPropertyName("desired"), Description("Replicas that the operators want.")]
    public required int Desired { get; init; }
}
