using System.Text.Json.Serialization;
using Meridian.Gateway.Admin;
using Meridian.Gateway.Admin.Directory;
using Meridian.Gateway.Admin.Draining;
using Meridian.Gateway.Health;
using Meridian.Gateway.Models;
using Meridian.Gateway.Tokenization;

namespace Meridian.Gateway;

/// <summary>Serializers of the answers outside the hot path, generated at build.</summary>
[JsonSerializable(typeof(ModelList))]
[JsonSerializable(typeof(HealthReport))]
[JsonSerializable(typeof(ReadyReport))]
[JsonSerializable(typeof(RegionsReport))]
[JsonSerializable(typeof(ExplainReport))]
[JsonSerializable(typeof(ScaleOrder))]
[JsonSerializable(typeof(ScaleReport))]
[JsonSerializable(typeof(ScaleHistory))]
[JsonSerializable(typeof(DirectoryReport))]
[JsonSerializable(typeof(RecordReport))]
[JsonSerializable(typeof(VoterReport))]
[JsonSerializable(typeof(ChangeReport))]
[JsonSerializable(typeof(DrainRequest))]
[JsonSerializable(typeof(DrainStatus))]
[JsonSerializable(typeof(TokenizeResponse))]
[JsonSerializable(typeof(DetokenizeResponse))]
internal sealed partial class GatewayJson : JsonSerializerContext;
