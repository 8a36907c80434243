using System.ComponentModel;
using System.Text.Json.Serialization;

namespace Meridian.Gateway.Admin.Draining;

[Description("What to drain.")]
internal sealed record DrainRequest
{
    [JsonPropertyName("scope"), Description("'region', 'silo' or 'replica'. Required.")]
    public string? Scope { get; init; }

    [JsonPropertyName("silo"), Description("With scope 'silo': its address, for example '127.0.0.1:8111'.")]
    public string? Silo { get; init; }

    [JsonPropertyName("model"), Description("With scope 'replica': the model's name.")]
    public string? Model { get; init; }

    [JsonPropertyName("replica"), Description("With scope 'replica': the replica's number.")]
    public int? Replica { get; init; }

    [JsonPropertyName("deadline_seconds"), Description("How long streams may run on before they are handed over, 0 to 3600. Default 30.")]
    public int? DeadlineSeconds { get; init; }

    [JsonPropertyName("reason"), Description("Why, for operators; at most 512 characters.")]
    public string? Reason { get; init; }

    [JsonPropertyName("sticky"), Description("Scope 'region' alone: whether the drain outlives a restart of the region. Default false.")]
    public bool? Sticky { get; init; }
}
