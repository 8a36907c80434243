using System.ComponentModel;
using System.Text.Json.Serialization;

namespace Meridian.Gateway.Health;

[Description("Says that the process runs.")]
internal sealed record HealthReport
{
    [JsonPropertyName("status"), Description("Always 'ok'.")]
    public string Status { get; } = "ok";
}
