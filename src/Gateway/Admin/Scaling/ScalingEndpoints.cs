using System.Text.Json;
using Meridian.Federation.Regions;
using Meridian.Gateway.Access;
using Meridian.Gateway.Admin.Facades;
using Meridian.Gateway.Errors;
using Meridian.Gateway.Http;
using Meridian.Grains;
using Meridian.Routing.Decision;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;

namespace Meridian.Gateway.Admin.Scaling;

/// <summary><c>PUT</c> and <c>GET /admin/api/models/{id}/replicas</c>.</summary>
internal sealed class ScalingEndpoints(IRegionDirectory directory, CallerResolver callers, IServiceProvider services)
{
    private const int MaxReasonLength = 512;
    private const int MaxOperationIdLength = 128;
    private const int MaxOrderBytes = 16 * 1024;

    private readonly IModelScaling? _scaling = services.GetService<IModelScaling>();

    public async Task PutAsync(HttpContext context)
    {
        var model = RouteValues.ModelId(context);
        if (Refuse(model) is { } refusal)
        {
            await ApiErrorWriter.WriteAsync(context, refusal);
            return;
        }

        var (order, error) = await ReadAsync(context);
        if (error is not null)
        {
            await ApiErrorWriter.WriteAsync(context, error);
            return;
        }

        var change = new ScaleChange
        {
            OperationId = order!.OperationId ?? context.TraceIdentifier,
            Replicas = order.Replicas!.Value,
            By = callers.Resolve(context).Tenant,
            Reason = order.Reason,
        };
        var record = await _scaling!.ScaleAsync(model, change, context.RequestAborted);
        if ((record.Replicas, record.By, record.Reason) != (change.Replicas, change.By, change.Reason))
        {
            // For an id that was used before, the deployment returns the record of that earlier change.
            await ApiErrorWriter.WriteAsync(context, ApiError.IdReused(change.OperationId, order.OperationId is null ? GatewayHeaders.RequestId : "operation_id"));
            return;
        }

        await context.Response.WriteAsJsonAsync(ScaleReport.Of(model, record), ScalingJson.Default.ScaleReport, contentType: null, context.RequestAborted);
    }

    public async Task GetAsync(HttpContext context)
    {
        var model = RouteValues.ModelId(context);
        if (Refuse(model) is { } refusal)
        {
            await ApiErrorWriter.WriteAsync(context, refusal);
            return;
        }

        var records = await _scaling!.HistoryAsync(model, context.RequestAborted);
        var history = new ScaleHistory { Model = model, Changes = Array.ConvertAll(records, record => ScaleReport.Of(model, record)) };
        await context.Response.WriteAsJsonAsync(history, ScalingJson.Default.ScaleHistory, contentType: null, context.RequestAborted);
    }

    private ApiError? Refuse(string model)
    {
        var intent = directory.Current.Intent;
        if (_scaling is null)
        {
            var facades = RegionFacades.Of(intent);
            var whom = facades.Length == 0 ? "no region has one in the configuration." : facades + ".";
            return new ApiError(StatusCodes.Status404NotFound, ApiError.InvalidRequest, "ask_region", $"A front door runs no replicas. Ask a region's facade: {whom}");
        }

        return RoutingDirector.Find(intent, model) is null ? ApiError.ModelNotFound(model) : null;
    }

    private static async Task<(ScaleOrder? Order, ApiError? Error)> ReadAsync(HttpContext context)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = MaxOrderBytes;
        }

        ScaleOrder? order;
        try
        {
            order = await JsonSerializer.DeserializeAsync(context.Request.Body, ScalingJson.Default.ScaleOrder, context.RequestAborted);
        }
        catch (JsonException exception)
        {
            var param = exception.Path is { Length: > 2 } path ? path[2..] : null;
            return (null, param is null
                ? ApiError.Invalid("invalid_json", $"The request body is not a JSON object like {{\"replicas\": 2}}: line {exception.LineNumber + 1}, byte {exception.BytePositionInLine + 1}.")
                : ApiError.Invalid("invalid_type", $"'{param}' has the wrong type: replicas is a whole number, reason and operation_id are strings.", param));
        }

        ApiError? error = order switch
        {
            null => ApiError.Invalid("invalid_json", "The request body must be a JSON object like {\"replicas\": 2}."),
            { Replicas: null } => ApiError.Missing("replicas", $"a whole number from 0 to {ScaleChange.MaxReplicas}"),
            { Replicas: < 0 or > ScaleChange.MaxReplicas } => ApiError.Invalid("invalid_value", $"'replicas' is {order.Replicas}: it must be from 0 to {ScaleChange.MaxReplicas}.", "replicas"),
            { Reason.Length: > MaxReasonLength } => ApiError.Invalid("invalid_value", $"'reason' has {order.Reason.Length} characters: at most {MaxReasonLength} are kept.", "reason"),
            { OperationId.Length: 0 or > MaxOperationIdLength } => ApiError.Invalid("invalid_value", $"'operation_id' must have 1 to {MaxOperationIdLength} characters.", "operation_id"),
            _ => null,
        };
        return (order, error);
    }
}
