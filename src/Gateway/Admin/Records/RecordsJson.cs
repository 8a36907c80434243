using System.Text.Json.Serialization;

namespace Meridian.Gateway.Admin.Records;

/// <summary>Serializers of records and changes of the intent log, generated at build.</summary>
[JsonSerializable(typeof(DirectoryReport))]
[JsonSerializable(typeof(RecordReport))]
[JsonSerializable(typeof(VoterReport))]
[JsonSerializable(typeof(ChangeReport))]
internal sealed partial class RecordsJson : JsonSerializerContext;
