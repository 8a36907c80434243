using System.Text.Json.Serialization;

namespace Meridian.Gateway.Admin.Draining;

/// <summary>Source-generated JSON serializers of drains.</summary>
[JsonSerializable(typeof(DrainRequest))]
[JsonSerializable(typeof(DrainStatus))]
internal sealed partial class DrainingJson : JsonSerializerContext;
