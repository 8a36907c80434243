using System.Text.Json.Serialization;

namespace Meridian.Gateway.Admin.Scaling;

/// <summary>Serializers of numbers of replicas, generated at build.</summary>
[JsonSerializable(typeof(ScaleOrder))]
[JsonSerializable(typeof(ScaleReport))]
[JsonSerializable(typeof(ScaleHistory))]
internal sealed partial class ScalingJson : JsonSerializerContext;
