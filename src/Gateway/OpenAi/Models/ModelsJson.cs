using System.Text.Json.Serialization;

namespace Meridian.Gateway.OpenAi.Models;

/// <summary>Serializers of the models that are listed, generated at build.</summary>
[JsonSerializable(typeof(ModelList))]
internal sealed partial class ModelsJson : JsonSerializerContext;
