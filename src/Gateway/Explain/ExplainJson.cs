using System.Text.Json.Serialization;

namespace Meridian.Gateway.Explain;

/// <summary>Serializers of a decision that is explained, generated at build.</summary>
[JsonSerializable(typeof(ExplainReport))]
internal sealed partial class ExplainJson : JsonSerializerContext;
