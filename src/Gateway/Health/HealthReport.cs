using System.ComponentModel;
using System.Text.Json.Serialization;
using Meridian.Gateway.Errors;

namespace Meridian.Gateway.Health;

[Description("Says that the process runs.")]
internal sealed record HealthReport
{
    [JsonPropertyName("status"), Description("Always 'ok'.")]
    public string Status { get; } = "ok";
}

[Description("Whether this edge can serve, and what is missing where it cannot.")]
internal sealed record ReadyReport
{
    [JsonPropertyName("status"), Description("'ready' or 'not_ready'.")]
    public required string Status { get; init; }

    [JsonPropertyName("regions"), Description("Regions that are ready.")]
    public required string[] Regions { get; init; }

    [JsonPropertyName("missing"), Description("What is missing, a line each; empty where ready.")]
    public required string[] Missing { get; init; }

    [JsonPropertyName("error"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), Description("The same as an OpenAI error; absent where ready.")]
    public ErrorObject? Error { get; init; }
}
