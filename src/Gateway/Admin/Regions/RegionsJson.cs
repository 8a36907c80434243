using System.Text.Json.Serialization;

namespace Meridian.Gateway.Admin.Regions;

/// <summary>Source-generated JSON serializers of the regions report.</summary>
[JsonSerializable(typeof(RegionsReport))]
internal sealed partial class RegionsJson : JsonSerializerContext;
