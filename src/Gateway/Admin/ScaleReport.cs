using System.ComponentModel;
using System.Text.Json.Serialization;
using Meridian.Grains;

namespace Meridian.Gateway.Admin;

[Description("An acknowledged change of the number of replicas.")]
internal sealed record ScaleReport
{
    [JsonPropertyName("model")]
    public required string Model { get; init; }

    [JsonPropertyName("sequence"), Description("1 for the model's first change in this region, then rising by one.")]
    public required long Sequence { get; init; }

    [JsonPropertyName("operation_id")]
    public required string OperationId { get; init; }

    [JsonPropertyName("replicas")]
    public required int Replicas { get; init; }

    [JsonPropertyName("by"), Description("Who asked.")]
    public required string By { get; init; }

    [JsonPropertyName("reason")]
    public string? Reason { get; init; }

    [JsonPropertyName("at")]
    public required DateTimeOffset At { get; init; }

    public static ScaleReport Of(string model, ScaleRecord record) => new()
    {
        Model = model,
        Sequence = record.Sequence,
        OperationId = record.OperationId,
        Replicas = record.Replicas,
        By = record.By,
        Reason = record.Reason,
        At = record.At,
    };
}
