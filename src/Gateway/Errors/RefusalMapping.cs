using Meridian.Messages;
using Microsoft.AspNetCore.Http;

namespace Meridian.Gateway.Errors;

/// <summary>Turns a refusal into the protocol's error, as <see cref="RefusalCode"/> documents.</summary>
internal static class RefusalMapping
{
    public const int ClientClosedRequest = 499;

    /// <summary>What a 503 says when the refusal itself names no time, ms.</summary>
    private const int DefaultRetryAfterMs = 1000;

    /// <param name="refusal">The refusal.</param>
    /// <param name="input">Field that holds the input, for a refusal that blames it without a name.</param>
    public static ApiError ToApiError(this Refusal refusal, string input = "input") => refusal.Code switch
    {
        RefusalCode.InvalidInput => ApiError.Invalid("invalid_value", refusal.Message, refusal.Param),
        RefusalCode.InputTooLong => ApiError.Invalid("context_length_exceeded", refusal.Message, refusal.Param ?? input),
        RefusalCode.ModelNotFound => new(StatusCodes.Status404NotFound, ApiError.InvalidRequest, "model_not_found", refusal.Message, refusal.Param ?? "model"),
        RefusalCode.NoCapacity or RefusalCode.NotReady => Unavailable(refusal, "no_capacity", true),
        RefusalCode.RegionLost => Unavailable(refusal, "region_unavailable", true),
        // Waiting helps only where a permitted region exists and is down.
        RefusalCode.ResidencyUnavailable => Unavailable(refusal, "residency_unavailable", refusal.RetryAfterMs > 0),
        // The caller's own deadline is spent; whether there is time for another try is for the caller to say.
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
