using System.Text.Json.Serialization;

namespace Meridian.Gateway.OpenAi.Tokenization;

/// <summary>Source-generated JSON serializers of token ids and texts.</summary>
[JsonSerializable(typeof(TokenizeResponse))]
[JsonSerializable(typeof(DetokenizeResponse))]
internal sealed partial class TokenizationJson : JsonSerializerContext;
