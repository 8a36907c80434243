using System.ComponentModel;
using System.Text.Json.Serialization;
using Meridian.Federation.Intents;

namespace Meridian.Gateway.Admin.Directory;

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
