using System.ComponentModel;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Meridian.Federation.Intents;
using Meridian.Federation.Intents.Records;

namespace Meridian.Gateway.Admin.Directory;

[Description("A record of the intent log.")]
internal sealed record RecordReport
{
    [JsonPropertyName("kind")]
    public required string Kind { get; init; }

    [JsonPropertyName("name")]
    public required string Name { get; init; }

    [JsonPropertyName("epoch"), Description("Revision that wrote it: what `if-match` compares.")]
    public required long Epoch { get; init; }

    [JsonPropertyName("value"), Description("The record; null where this build cannot read it.")]
    public JsonNode? Value { get; init; }

    [JsonPropertyName("pending"), Description("Records that this one names and that do not exist; absent where all exist.")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string[]? Pending { get; init; }

    public static RecordReport Of(IntentRecord record, IntentReplica replica) => new()
    {
        Kind = record.Key.Kind,
        Name = record.Key.Name,
        Epoch = record.Epoch,
        Value = RecordKind.TryFind(record.Key.Kind, out var kind) ? kind.ToJson(record.Value) : null,
        Pending = RecordRules.Missing(record.Key, record.Value, replica).Select(key => key.ToString()).ToArray() is { Length: > 0 } missing ? missing : null,
    };
}
