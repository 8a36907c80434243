using System.Text.Json.Serialization;

namespace Meridian.Gateway.Admin.Draining;

/// <summary>Serializers of drains, generated at build.</summary>
[JsonSerializable(typeof(DrainRequest))]
[JsonSerializable(typeof(DrainStatus))]
internal sealed partial class DrainingJson : JsonSerializerContext;
