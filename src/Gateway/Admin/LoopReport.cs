using System.ComponentModel;
using System.Text.Json.Serialization;

namespace Meridian.Gateway.Admin;

[Description("A background loop of this process that has failed.")]
internal sealed record LoopReport
{
    [JsonPropertyName("name"), Description("What the loop does.")]
    public required string Name { get; init; }

    [JsonPropertyName("failures"), Description("How often it has failed since the process started.")]
    public required long Failures { get; init; }

    [JsonPropertyName("problem"), Description("Why it failed last; null once it has run for 30 seconds since.")]
    public string? Problem { get; init; }
}
