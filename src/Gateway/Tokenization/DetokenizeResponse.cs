using System.ComponentModel;
using System.Text.Json.Serialization;

namespace Meridian.Gateway.Tokenization;

[Description("The text of tokens.")]
internal sealed record DetokenizeResponse
{
    [JsonPropertyName("prompt"), Description("The text, special tokens left out.")]
    public required string Prompt { get; init; }
}
