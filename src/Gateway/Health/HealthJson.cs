using System.Text.Json.Serialization;

namespace Meridian.Gateway.Health;

/// <summary>Source-generated JSON serializers of the answers to probes.</summary>
[JsonSerializable(typeof(HealthReport))]
[JsonSerializable(typeof(ReadyReport))]
internal sealed partial class HealthJson : JsonSerializerContext;
