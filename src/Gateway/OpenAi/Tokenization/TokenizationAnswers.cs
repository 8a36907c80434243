using System.ComponentModel;
using System.Text.Json.Serialization;

namespace Meridian.Gateway.OpenAi.Tokenization;

[Description("The tokens of a text or conversation.")]
internal sealed record TokenizeResponse
{
    [JsonPropertyName("count"), Description("Number of tokens.")]
    public required int Count { get; init; }

    [JsonPropertyName("max_model_len"), Description("The model's context, tokens.")]
    public required int ContextLength { get; init; }

    [JsonPropertyName("tokens"), Description("Their ids.")]
    public required int[] Tokens { get; init; }

    [JsonPropertyName("token_strs"), Description("Their texts where 'return_token_strs' asked for them, else null.")]
    public string[]? Texts { get; init; }
}

[Description("The text of tokens.")]
internal sealed record DetokenizeResponse
{
    [JsonPropertyName("prompt"), Description("The text, special tokens left out.")]
    public required string Prompt { get; init; }
}
