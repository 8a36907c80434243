using System.ComponentModel;
using System.Text.Json.Serialization;

namespace Meridian.Gateway.Admin;

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
