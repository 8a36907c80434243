using System.Text.Json;
using System.Text.Json.Serialization;

namespace Meridian.Inference.Packages;

/// <summary>The format of <c>manifest.json</c>: camel case, indented. Unknown members are skipped, so that older builds can read newer packages.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, ReadCommentHandling = JsonCommentHandling.Skip)]
[JsonSerializable(typeof(ModelManifest))]
internal sealed partial class ModelManifestJson : JsonSerializerContext;
