using System.Text.Json.Serialization;

namespace Meridian.Simulation;

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(List<ScenarioResult>))]
internal sealed partial class ReportJson : JsonSerializerContext;
