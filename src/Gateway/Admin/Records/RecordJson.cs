using System.Text.Json.Serialization;
using Meridian.Intents.Records;
using Meridian.Specs;

namespace Meridian.Gateway.Admin.Records;

/// <summary>Serializers of the records of the intent log, in the JSON that operators read and write. An unknown field is an error and is not ignored.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(MemberRecord))]
[JsonSerializable(typeof(ModelSpec))]
[JsonSerializable(typeof(VersionRecord))]
[JsonSerializable(typeof(DeploymentSpec))]
[JsonSerializable(typeof(PolicyRecord))]
[JsonSerializable(typeof(TenantRecord))]
[JsonSerializable(typeof(InstallationRecord))]
[JsonSerializable(typeof(RemovedRecord))]
internal sealed partial class RecordJson : JsonSerializerContext;
