using System.ComponentModel;
using System.Text.Json.Serialization;

namespace Meridian.Gateway.Admin.Directory;

[Description("What became of a change.")]
internal sealed record ChangeReport
{
    [JsonPropertyName("revision"), Description("The record's new epoch.")]
    public required long Revision { get; init; }
}
