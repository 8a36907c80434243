using System.ComponentModel;
using System.Text.Json.Serialization;

namespace Meridian.Gateway.Errors;

[Description("The body of every error.")]
internal sealed record ErrorBody
{
    [JsonPropertyName("error")]
    public required ErrorObject Error { get; init; }
}
