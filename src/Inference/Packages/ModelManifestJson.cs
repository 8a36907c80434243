using System.Text.Json;
using System.Text.Json.Serialization;

namespace Meridian.Inference.Packages;

/// <summary>How <c>manifest.json</c> is written: camel case, indented. Unknown members are skipped, so that older builds read newer packages.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, ReadCommentHandling = JsonCommentHandling.Skip)]
[JsonSerializable(typeof(ModelManifest))]
internal sealed partial class ModelManifestJson : JsonSerializerContext;
