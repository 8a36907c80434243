using Microsoft.AspNetCore.Http;

namespace Meridian.Gateway.Errors;

/// <summary>An error in the format that OpenAI's clients read.</summary>
/// <param name="Type">Class of the error: <c>invalid_request_error</c> or <c>server_error</c>.</param>
/// <param name="Code">Machine-readable reason.</param>
/// <param name="Message">Tells what was wrong, with which value, and what to do.</param>
/// <param name="Param">Field or header that caused the error, or null.</param>
internal sealed record ApiError(int Status, string Type, string? Code, string Message, string? Param = null)
{
    public const string InvalidRequest = "invalid_request_error";
    public const string Server = "server_error";

    /// <value>After how long to retry, ms; 0 if unknown.</value>
    public int RetryAfterMs { get; init; }

    /// <value>Tells OpenAI's clients whether to retry. Null leaves the decision to the client's own rule for the status.</value>
    public bool? ShouldRetry { get; init; }

    public static ApiError Invalid(string code, string message, string? param = null) =>
        new(StatusCodes.Status400BadRequest, InvalidRequest, code, message, param);

    public static ApiError WrongType(string param, string expected, string actual) =>
        Invalid("invalid_type", $"'{param}' must be {expected}, but is {actual}.", param);

    public static ApiError Missing(string param, string expected) =>
        Invalid("missing_required_parameter", $"'{param}' is missing: it must be {expected}.", param);

    /// <summary>The error for a feature that this version, or a model, does not support. Such a feature is always reported and never ignored.</summary>
    public static ApiError Unsupported(string param, string message) => Invalid("unsupported_parameter", message, param);

    public static ApiError TooLarge(long limit) =>
        new(StatusCodes.Status413PayloadTooLarge, InvalidRequest, "request_too_large", $"The request body is larger than {limit} bytes. Send fewer items at a time.");

    /// <summary>The error for an id that was used for one change and is sent again with another.</summary>
    public static ApiError IdReused(string id, string param) =>
        new(
            StatusCodes.Status409Conflict, InvalidRequest, "request_id_reused",
            $"'{Shorten(id)}' was sent before with another change (another body, condition or caller): nothing was changed. Give every change an id of its own in {param}, and repeat an id with the same change alone.", param);

    public static ApiError Fault(string requestId) =>
        new(StatusCodes.Status500InternalServerError, Server, "internal", $"The request failed by a fault of ours. Its id is {requestId}.");

    /// <summary>The error for a stream that has not ended when its process stops.</summary>
    public static ApiError ShuttingDown { get; } =
        new(StatusCodes.Status503ServiceUnavailable, Server, "server_shutting_down", "This edge stops before the stream has ended. Send the request again: another edge takes it, a resumable one from where it is.") { ShouldRetry = true };

    public static ApiError ModelNotFound(string model) =>
        new(StatusCodes.Status404NotFound, InvalidRequest, "model_not_found", $"The model '{Shorten(model)}' does not exist. GET /v1/models lists those that do.", "model");

    /// <summary>Shortens a caller's text to at most 64 characters, so that an error is never much larger than its reason.</summary>
    public static string Shorten(string text)
    {
        if (text.Length <= 64)
        {
            return text;
        }

        // Do not cut a surrogate pair in half.
        var length = char.IsHighSurrogate(text[63]) ? 63 : 64;
        return string.Concat(text.AsSpan(0, length), "...");
    }
}
