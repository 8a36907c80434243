using System.Text.Json.Serialization;

namespace Meridian.Gateway.Admin.Scaling;

/// <summary>Source-generated JSON serializers of replica counts.</summary>
[JsonSerializable(typeof(ScaleOrder))]
[JsonSerializable(typeof(ScaleReport))]
[JsonSerializable(typeof(ScaleHistory))]
internal sealed partial class ScalingJson : JsonSerializerContext;
