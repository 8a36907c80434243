using System.ComponentModel;
using System.Text.Json.Serialization;

namespace Meridian.Gateway.Admin.Directory;

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
