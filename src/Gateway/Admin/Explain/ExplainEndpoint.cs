using System.Net;
using Meridian.Federation.Regions;
using Meridian.Federation.Residency;
using Meridian.Gateway.Access;
using Meridian.Gateway.Errors;
using Meridian.Gateway.Explain;
using Meridian.Gateway.Http;
using Meridian.Gateway.OpenAi.Generation.Requests;
using Meridian.Messages;
using Microsoft.AspNetCore.Http;

namespace Meridian.Gateway.Admin.Explain;

/// <summary><c>GET /admin/api/explain</c>: shows what this edge would decide for a request, without sending one.</summary>
internal sealed class ExplainEndpoint(IRegionDirectory directory, CallerResolver callers, DataBoundaries boundaries, RouteExplainer explainer)
{
    public Task GetAsync(HttpContext context)
    {
        var error = Read(context, out var request, out var asked, out var address);
        if (error is not null)
        {
            return ApiErrorWriter.WriteAsync(context, error);
        }

        var snapshot = directory.Current;
        var boundary = boundaries.Of(snapshot.Intent, request.Tenant, asked, address);
        var report = explainer.Explain(snapshot, request with { Residency = boundary.Jurisdictions, PermittedRegions = boundary.Regions }, asked, address);
        return context.Response.WriteAsJsonAsync(report, ExplainJson.Default.ExplainReport, contentType: null, context.RequestAborted);
    }

    private ApiError? Read(HttpContext context, out InferRequest request, out string[]? asked, out IPAddress? address)
    {
        var query = context.Request.Query;
        asked = null;
        var error = callers.Resolve(context, out var caller);
        address = caller.Address;
        request = new InferRequest
        {
            RequestId = context.TraceIdentifier,
            Model = query["model"].ToString(),
            Version = Optional(query, "version"),
            Variant = Optional(query, "variant"),
            RemainingMs = GatewayOptions.GreatestDeadlineMs,
            Tenant = Optional(query, "tenant") ?? caller.Tenant,
            Affinity = Optional(query, "affinity"),

            // Without an affinity in the query there is no prompt either, so that no prompt binds the request to a replica.
            Input = new GenerationInput { Prompts = query["affinity"].Count == 0 ? [] : [new PromptInput { Text = "" }], Sampling = new SamplingInput { Seed = 0 } },
        };
        if (error is not null)
        {
            return error;
        }

        if (request.Model.Length == 0)
        {
            return ApiError.Missing("model", "the name of a model, as /v1/models lists it");
        }

        if (!CallerResolver.IsTenant(request.Tenant))
        {
            return ApiError.Invalid("invalid_value", $"'tenant' is '{ApiError.Shorten(request.Tenant)}': it must be a name of letters, digits, '.', '_' or '-'.", "tenant");
        }

        if (Optional(query, "residency") is { } residency && (asked = RequestHeaders.Jurisdictions(residency)) is null)
        {
            return ApiError.Invalid("invalid_value", $"'residency' is '{ApiError.Shorten(residency)}': it must be jurisdictions in lower case, separated by commas, for example eu,us.", "residency");
        }

        if (Optional(query, "address") is { } text && !NetworkNotation.TryAddress(text, out address))
        {
            return ApiError.Invalid("invalid_value", $"'address' is '{ApiError.Shorten(text)}': it must be an IPv4 or IPv6 address, for example 192.0.2.1.", "address");
        }

        if (Optional(query, "tier") is { } tier)
        {
            if (!ServiceTier.IsKnown(tier))
            {
                return ServiceTier.Unknown(tier, "tier");
            }

            request = request with { Tier = ServiceTier.Served(tier) };
        }

        return null;
    }

    private static string? Optional(IQueryCollection query, string name) => query[name] is [{ Length: > 0 } value] ? value : null;
}
