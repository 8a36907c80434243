using System.Globalization;
using Meridian.Gateway.Errors;
using Meridian.Gateway.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.OpenApi;

namespace Meridian.Gateway.Reference;

/// <summary>
/// Describes the parts that all operations that run a model share: headers that bind the request, headers that tell where it ran, and errors.
/// </summary>
internal static class InferenceOperation
{
    public static Answer[] Answers(Type body, string description) =>
    [
        new(StatusCodes.Status200OK, body, description),
        new(StatusCodes.Status400BadRequest, typeof(ErrorBody), "The request is wrong; `param` names the field. Codes: `invalid_json`, `invalid_type`, `invalid_value`, `missing_required_parameter`, `unsupported_parameter`, `too_many_items`, `context_length_exceeded`, `invalid_header`."),
        new(StatusCodes.Status403Forbidden, typeof(ErrorBody), "`residency_unavailable`: the data may not come to this edge, or to any region; the message says where to send it."),
        new(StatusCodes.Status404NotFound, typeof(ErrorBody), "`model_not_found`: there is no such model."),
        new(StatusCodes.Status408RequestTimeout, typeof(ErrorBody), "`request_timeout`: the body did not arrive within the deadline."),
        new(StatusCodes.Status413PayloadTooLarge, typeof(ErrorBody), "`request_too_large`: the body is larger than is taken."),
        new(StatusCodes.Status415UnsupportedMediaType, typeof(ErrorBody), "`unsupported_media_type`: the body is compressed."),
        new(StatusCodes.Status500InternalServerError, typeof(ErrorBody), "`internal`: a fault of ours."),
        new(StatusCodes.Status503ServiceUnavailable, typeof(ErrorBody), "`no_capacity`: all queues are full or no replica is ready. `region_unavailable`: the regions that were tried were lost. `residency_unavailable`: no region in a permitted jurisdiction can serve."),
        new(StatusCodes.Status504GatewayTimeout, typeof(ErrorBody), "`deadline`: your deadline passed."),
    ];

    /// <param name="deadlineMs">Deadline if the caller names none, ms.</param>
    public static void Describe(OpenApiOperation operation, int deadlineMs)
    {
        operation.Parameters ??= [];
        operation.Parameters.Add(CommonHeaders.Request(
            GatewayHeaders.Deadline,
            "Your deadline from the arrival of the request, ms.",
            new OpenApiSchema { Type = JsonSchemaType.Integer, Minimum = "1", Maximum = "600000", Default = deadlineMs }));
        operation.Parameters.Add(CommonHeaders.Request(
            GatewayHeaders.Residency,
            "Jurisdictions that the data may enter, lower case, separated by commas, for example `eu,us`. Absent: any. It is never relaxed.",
            new OpenApiSchema { Type = JsonSchemaType.String, Pattern = "^[a-z0-9-]+(,[a-z0-9-]+)*$" }));
        operation.Parameters.Add(CommonHeaders.Request(
            GatewayHeaders.Session,
            "Id of the conversation, 1 to 256 visible ASCII characters: requests with the same one are best served in the same place. Goes before `prompt_cache_key`.",
            CommonHeaders.Text()));
        operation.Parameters.Add(CommonHeaders.Request(
            GatewayHeaders.Explain,
            "`1` puts the reasons of the routing decision on the answer, under the same name.",
            new OpenApiSchema { Type = JsonSchemaType.String, Enum = ["0", "1"] }));
        operation.Parameters.Add(CommonHeaders.Request(
            GatewayHeaders.Redirect,
            "`no` asks for an error where the answer would be a redirect.",
            new OpenApiSchema { Type = JsonSchemaType.String, Enum = ["yes", "no"] }));
        operation.Parameters.Add(CommonHeaders.Request(
            GatewayHeaders.Tenant,
            "Tenant on whose behalf the request runs. Refused unless the edge trusts a proxy in front of it to name tenants.",
            CommonHeaders.Text()));
        var redirect = new OpenApiResponse { Description = "The data may not come to this edge: send the request, with its body, to the region's facade in `location`. The body was not read." };
        CommonHeaders.Answer(redirect, GatewayHeaders.RequestId, "The request's id: yours, or one drawn here.", CommonHeaders.Text());
        CommonHeaders.Answer(redirect, "location", "The same path and query at a facade in a permitted region.", CommonHeaders.Text());
        CommonHeaders.Answer(redirect, GatewayHeaders.RedirectReason, "`outside_boundary`.", CommonHeaders.Text());
        operation.Responses!.Add("307", redirect);
        foreach (var (status, response) in operation.Responses!)
        {
            CommonHeaders.Answer(response, GatewayHeaders.ProcessingMs, "Time from the arrival of the request to its answer, of a stream to its first tokens, ms.", CommonHeaders.Number(0));
            CommonHeaders.Answer(response, GatewayHeaders.Explain, "Why the request went where it went, compact JSON of at most 8 KiB; where you asked for it.", CommonHeaders.Text());
            CommonHeaders.Answer(response, GatewayHeaders.Attempts, "Regions that were tried; absent where the request was refused before.", CommonHeaders.Number(0));
            CommonHeaders.Answer(response, GatewayHeaders.Region, "Region that answered, where one did.", CommonHeaders.Text());
            switch (int.Parse(status, CultureInfo.InvariantCulture))
            {
                case StatusCodes.Status200OK:
                    CommonHeaders.Answer(response, GatewayHeaders.ModelVersion, "Version of the model that served.", CommonHeaders.Text());
                    break;
                case StatusCodes.Status503ServiceUnavailable:
                    CommonHeaders.Answer(response, GatewayHeaders.RetryAfterMs, "When to come back, ms.", CommonHeaders.Number(1));
                    CommonHeaders.Answer(response, GatewayHeaders.ShouldRetry, "Whether sending the request again can help.", new OpenApiSchema { Type = JsonSchemaType.Boolean });
                    break;
                case StatusCodes.Status504GatewayTimeout:
                    CommonHeaders.Answer(response, GatewayHeaders.ShouldRetry, "Always false: whether there is time for another try is yours to say.", new OpenApiSchema { Type = JsonSchemaType.Boolean });
                    break;
            }
        }
    }
}
