using System.ComponentModel;
using System.Text.Json.Serialization;
using Meridian.Grains;

namespace Meridian.Gateway.Admin.Scaling;

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

[Description("The most recent changes of the number of replicas, oldest first.")]
internal sealed record ScaleHistory
{
    [JsonPropertyName("model")]
    public required string Model { get; init; }

    [JsonPropertyName("changes")]
    public required ScaleReport[] Changes { get; init; }
}

[Description("How many replicas of a model a region shall run.")]
internal sealed record ScaleOrder
{
    [JsonPropertyName("replicas"), Description("0 to 64. Required.")]
    public int? Replicas { get; init; }

    [JsonPropertyName("reason"), Description("Why, for the history; at most 512 characters.")]
    public string? Reason { get; init; }

    [JsonPropertyName("operation_id"), Description("1 to 128 characters; a repeat is answered with the first outcome. The request id where absent.")]
    public string? OperationId { get; init; }
}
