using System.Buffers;
using System.Globalization;
using Meridian.Gateway.Http;
using Microsoft.AspNetCore.Http;

namespace Meridian.Gateway.Errors;

/// <summary>
/// Writes <c>{"error":{"message","type","param","code"}}</c> with its status and headers. This must be cheap, because most answers are refusals under
/// overload.
/// </summary>
internal static class ApiErrorWriter
{
    public static async Task WriteAsync(HttpContext context, ApiError error)
    {
        var response = context.Response;
        response.StatusCode = error.Status;
        response.ContentType = "application/json";
        var headers = response.Headers;
        if (error.RetryAfterMs > 0)
        {
            headers.RetryAfter = ((error.RetryAfterMs + 999) / 1000).ToString(CultureInfo.InvariantCulture);
            headers[GatewayHeaders.RetryAfterMs] = error.RetryAfterMs.ToString(CultureInfo.InvariantCulture);
        }

        if (error.ShouldRetry is { } shouldRetry)
        {
            headers[GatewayHeaders.ShouldRetry] = shouldRetry ? "true" : "false";
        }

        var buffer = ArrayPool<byte>.Shared.Rent(Bound(error));
        try
        {
            var cursor = new JsonCursor(buffer);
            Write(error, ref cursor);
            var length = cursor.Written;
            response.ContentLength = length;
            await response.BodyWriter.WriteAsync(buffer.AsMemory(0, length), context.RequestAborted);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Maximum number of bytes that <see cref="Write"/> writes.</summary>
    public static int Bound(ApiError error) =>
        128 + JsonCursor.TextBound(error.Message) + JsonCursor.TextBound(error.Type) + JsonCursor.TextBound(error.Param) + JsonCursor.TextBound(error.Code);

    /// <summary>Writes only the body.</summary>
    public static void Write(ApiError error, ref JsonCursor cursor)
    {
        cursor.Raw("{\"error\":{\"message\":"u8);
        cursor.Text(error.Message);
        cursor.Raw(",\"type\":"u8);
        cursor.Text(error.Type);
        cursor.Raw(",\"param\":"u8);
        cursor.Text(error.Param);
        cursor.Raw(",\"code\":"u8);
        cursor.Text(error.Code);
        cursor.Raw("}}"u8);
    }
}
