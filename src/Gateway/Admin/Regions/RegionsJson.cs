using System.Text.Json.Serialization;

namespace Meridian.Gateway.Admin.Regions;

/// <summary>Serializers of the report of the regions, generated at build.</summary>
[JsonSerializable(typeof(RegionsReport))]
internal sealed partial class RegionsJson : JsonSerializerContext;
