using System.Globalization;
using System.Text.Json;
using Meridian.Federation.Regions;
using Meridian.Gateway.Access;
using Meridian.Gateway.Admin.Facades;
using Meridian.Gateway.Errors;
using Meridian.Grains.Draining;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;

namespace Meridian.Gateway.Admin.Draining;

/// <summary><c>POST</c>, <c>GET</c> and <c>DELETE /admin/api/drain</c>.</summary>
internal sealed class DrainEndpoints(IRegionDirectory directory, CallerResolver callers, IServiceProvider services)
{
    private const int MaxReasonLength = 512;
    private const int MaxBodyBytes = 16 * 1024;
    private const int DefaultDeadlineSeconds = 30;
    private const string Example = """{"scope": "region", "deadline_seconds": 30, "reason": "new kernel"}""";

    private readonly IRegionDraining? _draining = services.GetService<IRegionDraining>();

    public Task GetAsync(HttpContext context) => AnswerAsync(context, null, token => _draining!.ReadAsync(token));

    public async Task PostAsync(HttpContext context)
    {
        var (request, error) = _draining is null ? (null, AskRegion()) : await ReadAsync(context);
        DrainTarget? target = null;
        error ??= Check(request!) ?? TargetOf(request!, out target);
        await AnswerAsync(context, error, token => _draining!.BeginAsync(
            new DrainOrder
            {
                Target = target!,
                DeadlineSeconds = request!.DeadlineSeconds ?? DefaultDeadlineSeconds,
                Reason = request.Reason,
                By = callers.Resolve(context).Tenant,
                Sticky = request.Sticky ?? false,
            },
            token));
    }

    public async Task DeleteAsync(HttpContext context)
    {
        var query = context.Request.Query;
        DrainTarget? target = null;
        ApiError? error = _draining is null ? AskRegion() : null;
        int? replica = null;
        if (error is null && query.TryGetValue("replica", out var text))
        {
            if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)) replica = number;
            else error = ApiError.Invalid("invalid_value", "'replica' must be the number of a replica, for example replica=0.", "replica");
        }

        error ??= TargetOf(
            new DrainRequest { Scope = query.TryGetValue("scope", out var scope) ? scope.ToString() : "region", Silo = query["silo"], Model = query["model"], Replica = replica }, out target);
        await AnswerAsync(context, error, token => _draining!.EndAsync(target!, token));
    }

    private async Task AnswerAsync(HttpContext context, ApiError? error, Func<CancellationToken, Task<DrainOverview>> ask)
    {
        error ??= _draining is null ? AskRegion() : null;
        if (error is not null)
        {
            await ApiErrorWriter.WriteAsync(context, error);
            return;
        }

        var overview = await ask(context.RequestAborted);
        await context.Response.WriteAsJsonAsync(DrainStatus.Of(_draining!.Region, overview), DrainingJson.Default.DrainStatus, contentType: null, context.RequestAborted);
    }

    private ApiError AskRegion()
    {
        var facades = RegionFacades.Of(directory.Current.Intent);
        return new ApiError(
            StatusCodes.Status404NotFound, ApiError.InvalidRequest, "ask_region",
            $"A front door has nothing to drain: stop it with SIGTERM. Ask a region's facade: {(facades.Length == 0 ? "no region has one in the configuration" : facades)}.");
    }

    private static ApiError? Check(DrainRequest request) => request switch
    {
        { DeadlineSeconds: < 0 or > DrainOrder.MaxDeadlineSeconds } =>
            ApiError.Invalid("invalid_value", $"'deadline_seconds' is {request.DeadlineSeconds}: it must be from 0 to {DrainOrder.MaxDeadlineSeconds}.", "deadline_seconds"),
        { Reason.Length: > MaxReasonLength } => ApiError.Invalid("invalid_value", $"'reason' has {request.Reason.Length} characters: at most {MaxReasonLength} are kept.", "reason"),
        _ => null,
    };

    private static ApiError? TargetOf(DrainRequest request, out DrainTarget? target)
    {
        target = null;
        switch (request)
        {
            case { Scope: null }:
                return ApiError.Missing("scope", "'region', 'silo' or 'replica'");
            case { Scope: "region", Silo: null, Model: null, Replica: null }:
                target = DrainTarget.Region;
                return null;
            case { Scope: "silo", Silo: { Length: > 0 } silo, Model: null, Replica: null }:
                target = new DrainTarget { Scope = DrainScope.Silo, Silo = silo };
                return null;
            case { Scope: "replica", Model: { Length: > 0 } model, Replica: { } replica, Silo: null }:
                if (replica < 0) return ApiError.Invalid("invalid_value", $"'replica' is {replica}: replicas are numbered from 0.", "replica");
                target = new DrainTarget { Scope = DrainScope.Replica, Model = model, Replica = replica };
                return null;
            case { Scope: "region" }:
                return ApiError.Invalid("invalid_value", "Scope 'region' takes no 'silo', 'model' or 'replica'.", request.Silo is not null ? "silo" : request.Model is not null ? "model" : "replica");
            case { Scope: "silo", Silo: null or "" }:
                return ApiError.Missing("silo", "the address of a silo, as GET /admin/api/drain lists them");
            case { Scope: "silo" }:
                return ApiError.Invalid("invalid_value", "Scope 'silo' takes 'silo' alone, no 'model' or 'replica'.", request.Model is not null ? "model" : "replica");
            case { Scope: "replica", Model: null or "" }:
                return ApiError.Missing("model", "the name of a model");
            case { Scope: "replica", Replica: null }:
                return ApiError.Missing("replica", "the number of a replica, from 0");
            case { Scope: "replica" }:
                return ApiError.Invalid("invalid_value", "Scope 'replica' takes 'model' and 'replica', no 'silo'.", "silo");
            default:
                return ApiError.Invalid("invalid_value", $"'scope' is '{ApiError.Shorten(request.Scope)}': it must be 'region', 'silo' or 'replica'.", "scope");
        }
    }

    private static async Task<(DrainRequest? Request, ApiError? Error)> ReadAsync(HttpContext context)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit) limit.MaxRequestBodySize = MaxBodyBytes;
        try
        {
            var request = await JsonSerializer.DeserializeAsync(context.Request.Body, DrainingJson.Default.DrainRequest, context.RequestAborted);
            return (request, request is null ? ApiError.Invalid("invalid_json", $"The request body must be a JSON object like {Example}.") : null);
        }
        catch (JsonException exception)
        {
            var param = exception.Path is { Length: > 2 } path ? path[2..] : null;
            return (null, param is null
                ? ApiError.Invalid("invalid_json", $"The request body is not a JSON object like {Example}: line {exception.LineNumber + 1}, byte {exception.BytePositionInLine + 1}.")
                : ApiError.Invalid("invalid_type", $"'{param}' has the wrong type: replica and deadline_seconds are whole numbers, sticky is true or false, all else is a string.", param));
        }
    }
}
