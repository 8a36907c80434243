using Meridian.Federation.Residency;
using Meridian.Gateway.Errors;
using Meridian.Gateway.Explain;
using Meridian.Gateway.Http;
using Meridian.Routing.Residency;
using Meridian.Routing.Snapshots;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;

namespace Meridian.Gateway.Access;

/// <summary>
/// Turns away requests whose data must not reach this edge: with a redirect to the facade of a permitted region, or with an error.
/// It answers before the body is read, so a caller who waits for <c>100 (Continue)</c> never sends the body (RFC 9110, 10.1.1). Status 307 keeps method and
/// body (RFC 9110, 15.4.8).
/// </summary>
internal sealed class EdgeBorder(EdgeGate gate, DataBoundaries boundaries)
{
    private const string Code = "residency_unavailable";

    private const int RetryAfterMs = 1000;

    public bool MayReceive(DirectorySnapshot snapshot, in RequestHead head) => gate.MayReceive(snapshot, head.Boundary);

    public Task TurnAwayAsync(HttpContext context, DirectorySnapshot snapshot, in RequestHead head)
    {
        var response = context.Response;
        if (HttpProtocol.IsHttp11(context.Request.Protocol) && context.Request.ContentLength != 0)
        {
            // The unread body would leave no way to find the start of the next request on this connection, so close it. (HTTP/2 resets only the stream and
            // has no such header.)
            response.Headers.Connection = "close";
        }

        var boundary = head.Boundary;
        var facade = EdgeGate.Nearest(snapshot, boundary);
        var error = Judge(snapshot, boundary, facade, head.Follows);
        var reason = error?.Code ?? "outside_boundary";
        if (head.Explain)
        {
            var parts = boundaries.Explain(snapshot.Intent, head.Caller.Tenant, head.Asked, head.Caller.Address);
            response.Headers[GatewayHeaders.Explain] = ExplainHeader.Write(ExplainReport.OfBorder(snapshot, boundary, parts, error is null ? "redirect" : Code));
        }

        response.Headers[GatewayHeaders.RedirectReason] = reason;
        if (error is not null)
        {
            return ApiErrorWriter.WriteAsync(context, error);
        }

        response.StatusCode = StatusCodes.Status307TemporaryRedirect;
        response.Headers.Location = facade!.Facade!.GetLeftPart(UriPartial.Authority) + context.Request.GetEncodedPathAndQuery();
        response.ContentLength = 0;
        return Task.CompletedTask;
    }

    /// <returns>Null if the caller is redirected to the facade.</returns>
    private static ApiError? Judge(DirectorySnapshot snapshot, in DataBoundary boundary, RegionMember? facade, bool follows)
    {
        if (snapshot.Intent.Epoch == 0)
        {
            return new ApiError(StatusCodes.Status503ServiceUnavailable, ApiError.Server, "region_unavailable", "This edge has not learned yet whose data may go where, so it takes none. Try again shortly.")
            {
                RetryAfterMs = RetryAfterMs,
                ShouldRetry = true,
            };
        }

        var permitted = boundary;
        var regions = Array.FindAll(snapshot.Intent.Regions, region => permitted.Permits(region));
        if (regions.Length == 0)
        {
            return Forbidden("The tenant's residency, your own narrowing and the rule for your network permit no region together, so nobody may serve the request. It was not read.");
        }

        var names = string.Join(", ", regions.Select(region => region.Facade is { } address ? $"{region.Name} at {address.GetLeftPart(UriPartial.Authority)}" : region.Name));
        if (facade is not null)
        {
            return follows ? null : Forbidden($"This edge is outside of where the request's data may go, so it was not read. Send it to a permitted region: {names}.");
        }

        return Array.Exists(regions, region => region.Facade is not null)
            ? new ApiError(StatusCodes.Status503ServiceUnavailable, ApiError.Server, Code, $"This edge is outside of where the request's data may go, so it was not read, and no permitted region can be reached now: {names}.")
            {
                RetryAfterMs = RetryAfterMs,
                ShouldRetry = true,
            }
            : Forbidden($"This edge is outside of where the request's data may go, so it was not read, and no permitted region has a facade to send it to: {names}.");
    }

    private static ApiError Forbidden(string message) => new(StatusCodes.Status403Forbidden, ApiError.InvalidRequest, Code, message) { ShouldRetry = false };
}
