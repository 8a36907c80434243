using System.ComponentModel;
using System.Text.Json.Serialization;

namespace Meridian.Gateway.Errors;

[Description("The body of every error.")]
internal sealed record ErrorBody
{
    [JsonPropertyName("error")]
    public required ErrorObject Error { get; init; }
}

[Description("What went wrong.")]
internal sealed record ErrorObject
{
    [JsonPropertyName("message"), Description("What was wrong, with which value, and what to do.")]
    public required string Message { get; init; }

    [JsonPropertyName("type"), Description("Family: 'invalid_request_error' (yours) or 'server_error' (ours).")]
    public required string Type { get; init; }

    [JsonPropertyName("param"), Description("Field or header at fault, for example 'input[3]', or null.")]
    public string? Param { get; init; }

    [JsonPropertyName("code"), Description("Machine-readable reason, for example 'model_not_found', or null.")]
    public string? Code { get; init; }
}
