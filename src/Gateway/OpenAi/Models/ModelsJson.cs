using System.Text.Json.Serialization;

namespace Meridian.Gateway.OpenAi.Models;

/// <summary>Source-generated JSON serializers of the model list.</summary>
[JsonSerializable(typeof(ModelList))]
internal sealed partial class ModelsJson : JsonSerializerContext;
