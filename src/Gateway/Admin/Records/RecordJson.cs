using System.Text.Json.Serialization;
using Meridian.Intents.Records;

namespace Meridian.Gateway.Admin.Records;

/// <summary>Records of the intent log as operators read and write them. A field that a record does not have is a mistake, not passed over.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(MemberRecord))]
[JsonSerializable(typeof(ModelRecord))]
[JsonSerializable(typeof(VersionRecord))]
[JsonSerializable(typeof(DeploymentRecord))]
[JsonSerializable(typeof(PolicyRecord))]
[JsonSerializable(typeof(TenantRecord))]
[JsonSerializable(typeof(InstallationRecord))]
[JsonSerializable(typeof(RemovedRecord))]
internal sealed partial class RecordJson : JsonSerializerContext;
