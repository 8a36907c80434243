using Meridian.Federation.Directory;
using Meridian.Federation.Routing;
using Meridian.Gateway.Errors;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Meridian.Gateway.Models;

/// <summary><c>GET /v1/models</c> and <c>GET /v1/models/{id}</c>: what intent declares, whether or not a replica is ready this moment.</summary>
internal sealed class ModelsEndpoints(IRegionDirectory directory)
{
    public Task ListAsync(HttpContext context)
    {
        var list = new ModelList { Data = Array.ConvertAll(directory.Current.Intent.Models, ToObject) };
        return context.Response.WriteAsJsonAsync(list, GatewayJson.Default.ModelList, contentType: null, context.RequestAborted);
    }

    public Task GetAsync(HttpContext context)
    {
        var id = ModelId(context);
        return RoutingDirector.Find(directory.Current.Intent, id) is { } model
            ? context.Response.WriteAsJsonAsync(ToObject(model), GatewayJson.Default.ModelObject, contentType: null, context.RequestAborted)
            : ApiErrorWriter.WriteAsync(context, ApiError.ModelNotFound(id));
    }

    /// <summary>The route's model id. The server decodes a path once but leaves encoded slashes alone, which an id may have.</summary>
    public static string ModelId(HttpContext context) =>
        ((string?)context.GetRouteValue("id") ?? "").Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);

    private static ModelObject ToObject(ModelDeclaration model) => new() { Id = model.Name, Created = model.Created, OwnedBy = model.OwnedBy };
}
