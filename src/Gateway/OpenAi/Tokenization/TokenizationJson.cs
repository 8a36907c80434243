using System.Text.Json.Serialization;

namespace Meridian.Gateway.OpenAi.Tokenization;

/// <summary>Serializers of token ids and texts, generated at build.</summary>
[JsonSerializable(typeof(TokenizeResponse))]
[JsonSerializable(typeof(DetokenizeResponse))]
internal sealed partial class TokenizationJson : JsonSerializerContext;
