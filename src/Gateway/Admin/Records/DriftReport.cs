using System.ComponentModel;
using System.Text.Json.Serialization;
using Meridian.Federation.IntentSources;

namespace Meridian.Gateway.Admin.Records;

[Description("Where the settings of this process and the intent log differ. The log decides.")]
internal sealed record DriftReport
{
    [JsonPropertyName("differences")]
    public required DriftDifference[] Differences { get; init; }

    public static DriftReport Of(ConfiguredState configured) => new()
    {
        Differences = [.. configured.Drift().Select(static entry => new DriftDifference
        {
            Kind = entry.Kind,
            Name = entry.Name,
            Field = entry.Field,
            Configured = entry.Configured,
            Log = entry.Log,
            Adopt = entry.Configured is null ? null : $"POST /admin/api/drift/{entry.Kind}/{entry.Name}",
        })],
    };
}

[Description("A difference between the settings and the intent log.")]
internal sealed record DriftDifference
{
    [JsonPropertyName("kind")]
    public required string Kind { get; init; }

    [JsonPropertyName("name")]
    public required string Name { get; init; }

    [JsonPropertyName("field"), Description("The field, for example 'engine.max_batch'; null where only one side has the record.")]
    public string? Field { get; init; }

    [JsonPropertyName("configured"), Description("The value of the settings as JSON; null where they do not have the record.")]
    public string? Configured { get; init; }

    [JsonPropertyName("log"), Description("The value of the log as JSON, or which side lacks the record.")]
    public required string Log { get; init; }

    [JsonPropertyName("adopt"), Description("The request that writes the settings' record into the log; null where they do not have it.")]
    public string? Adopt { get; init; }
}
