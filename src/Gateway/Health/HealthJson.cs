using System.Text.Json.Serialization;

namespace Meridian.Gateway.Health;

/// <summary>Serializers of what probes are answered, generated at build.</summary>
[JsonSerializable(typeof(HealthReport))]
[JsonSerializable(typeof(ReadyReport))]
internal sealed partial class HealthJson : JsonSerializerContext;
