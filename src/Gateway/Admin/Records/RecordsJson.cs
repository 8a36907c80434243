using System.Text.Json.Serialization;

namespace Meridian.Gateway.Admin.Records;

/// <summary>Source-generated JSON serializers of the records and changes of the intent log.</summary>
[JsonSerializable(typeof(DirectoryReport))]
[JsonSerializable(typeof(RecordReport))]
[JsonSerializable(typeof(VoterReport))]
[JsonSerializable(typeof(ChangeReport))]
[JsonSerializable(typeof(DriftReport))]
internal sealed partial class RecordsJson : JsonSerializerContext;
