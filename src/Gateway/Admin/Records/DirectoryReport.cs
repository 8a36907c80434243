using System.ComponentModel;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Meridian.Intents;
using Meridian.Intents.Records;

namespace Meridian.Gateway.Admin.Records;

[Description("The intent log as this region's copy has it.")]
internal sealed record DirectoryReport
{
    [JsonPropertyName("role"), Description("'joining', 'follower', 'leader', or 'client' of an external log.")]
    public required string Role { get; init; }

    [JsonPropertyName("leader"), Description("Name of the leader, or null while none is within reach.")]
    public string? Leader { get; init; }

    [JsonPropertyName("can_change"), Description("Whether a change would be taken now. Where not, this region serves on by its last copy.")]
    public required bool CanChange { get; init; }

    [JsonPropertyName("problem"), Description("What keeps the log from working, with the remedy, or null.")]
    public string? Problem { get; init; }

    [JsonPropertyName("term")]
    public required long Term { get; init; }

    [JsonPropertyName("applied_index"), Description("Position up to which this copy has the log. Copies with the same value are equal.")]
    public required long AppliedIndex { get; init; }

    [JsonPropertyName("committed_index")]
    public required long CommittedIndex { get; init; }

    [JsonPropertyName("revision"), Description("Revision of the last change.")]
    public required long Revision { get; init; }

    [JsonPropertyName("hash"), Description("SHA-256 of the copy.")]
    public required string Hash { get; init; }

    [JsonPropertyName("voters")]
    public required VoterReport[] Voters { get; init; }

    [JsonPropertyName("records")]
    public required RecordReport[] Records { get; init; }

    public static DirectoryReport Of(IIntentLog log)
    {
        var status = log.Status;
        var replica = log.Current;
        return new DirectoryReport
        {
            Role = status.Role.ToString().ToLowerInvariant(),
            Leader = status.Leader,
            CanChange = status.CanChange,
            Problem = status.Problem,
            Term = status.Term,
            AppliedIndex = replica.AppliedIndex,
            CommittedIndex = Math.Max(status.CommittedIndex, replica.AppliedIndex),
            Revision = replica.Revision,
            Hash = replica.Hash(),
            Voters = Array.ConvertAll(status.Voters, v => new VoterReport { Name = v.Name, Consensus = v.Consensus, Control = v.Protocol.ToString(), Witness = v.Witness }),
            Records = [.. replica.Records.Values.Select(record => RecordReport.Of(record, replica))],
        };
    }
}

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

[Description("A voter of the intent log.")]
internal sealed record VoterReport
{
    [JsonPropertyName("name")]
    public required string Name { get; init; }

    [JsonPropertyName("consensus"), Description("Where it speaks consensus, host:port.")]
    public required string Consensus { get; init; }

    [JsonPropertyName("control"), Description("Address (HTTP/2) that takes changes.")]
    public required string Control { get; init; }

    [JsonPropertyName("witness"), Description("Votes and keeps the log, but never leads.")]
    public bool Witness { get; init; }
}

[Description("What became of a change.")]
internal sealed record ChangeReport
{
    [JsonPropertyName("revision"), Description("The record's new epoch.")]
    public required long Revision { get; init; }
}
