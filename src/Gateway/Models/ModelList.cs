using System.ComponentModel;
using System.Text.Json.Serialization;

namespace Meridian.Gateway.Models;

[Description("The models that the installation serves.")]
internal sealed record ModelList
{
    [JsonPropertyName("object"), Description("Always 'list'.")]
    public string Object { get; } = "list";

    [JsonPropertyName("data")]
    public required ModelObject[] Data { get; init; }
}
