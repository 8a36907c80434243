using System.ComponentModel;
using System.Text.Json.Serialization;

namespace Meridian.Gateway.OpenAi.Models;

[Description("The models that the installation serves.")]
internal sealed record ModelList
{
    [JsonPropertyName("object"), Description("Always 'list'.")]
    public string Object { get; } = "list";

    [JsonPropertyName("data")]
    public required ModelObject[] Data { get; init; }
}

[Description("A model that the installation serves.")]
internal sealed record ModelObject
{
    [JsonPropertyName("id"), Description("Name to put into a request's 'model'.")]
    public required string Id { get; init; }

    [JsonPropertyName("object"), Description("Always 'model'.")]
    public string Object { get; } = "model";

    [JsonPropertyName("created"), Description("When the model was made, unix seconds.")]
    public required long Created { get; init; }

    [JsonPropertyName("owned_by"), Description("Who made the model.")]
    public required string OwnedBy { get; init; }
}
