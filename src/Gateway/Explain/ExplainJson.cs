using System.Text.Json.Serialization;

namespace Meridian.Gateway.Explain;

/// <summary>Source-generated JSON serializers of an explained decision.</summary>
[JsonSerializable(typeof(ExplainReport))]
internal sealed partial class ExplainJson : JsonSerializerContext;
