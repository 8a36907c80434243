using Meridian.Messages;
using Microsoft.AspNetCore.Http;

namespace Meridian.Gateway.Errors;

/// <summary>Maps a refusal to an HTTP error, as <see cref="RefusalCode"/> documents.</summary>
internal static class RefusalMapping
{
    public const int ClientClosedRequest = 499;

    /// <summary>Retry delay of a 503 if the refusal names none, ms.</summary>
    private const int DefaultRetryAfterMs = 1000;

    /// <param name="input">Field that holds the input. It is reported if a refusal concerns the input and names no field.</param>
    public static ApiError ToApiError(this Refusal refusal, string input = "input") => refusal.Code switch
    {
        RefusalCode.InvalidInput => ApiError.Invalid("invalid_value", refusal.Message, refusal.Param),
        RefusalCode.InputTooLong => ApiError.Invalid("context_length_exceeded", refusal.Message, refusal.Param ?? input),
        RefusalCode.ModelNotFound => new(StatusCodes.Status404NotFound, ApiError.InvalidRequest, "model_not_found", refusal.Message, refusal.Param ?? "model"),
        RefusalCode.NoCapacity or RefusalCode.NotReady => Unavailable(refusal, "no_capacity", true),
        RefusalCode.RegionLost => Unavailable(refusal, "region_unavailable", true),
        // A retry helps only if a permitted region exists and is down.
        RefusalCode.ResidencyUnavailable => Unavailable(refusal, "residency_unavailable", refusal.RetryAfterMs > 0),
        // The caller's own deadline has passed. Only the caller knows whether there is time for a retry.
        RefusalCode.Deadline => new(StatusCodes.Status504GatewayTimeout, ApiError.Server, "deadline", refusal.Message, refusal.Param) { ShouldRetry = false },
        RefusalCode.Cancelled => new(ClientClosedRequest, ApiError.InvalidRequest, "cancelled", refusal.Message, refusal.Param),
        _ => new(StatusCodes.Status500InternalServerError, ApiError.Server, "internal", refusal.Message, refusal.Param),
    };

    private static ApiError Unavailable(Refusal refusal, string code, bool shouldRetry) =>
        new(StatusCodes.Status503ServiceUnavailable, ApiError.Server, code, refusal.Message, refusal.Param)
        {
            RetryAfterMs = refusal.RetryAfterMs > 0 ? refusal.RetryAfterMs : DefaultRetryAfterMs,
            ShouldRetry = shouldRetry,
        };
}
