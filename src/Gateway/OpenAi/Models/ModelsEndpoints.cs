using Meridian.Federation.Regions;
using Meridian.Gateway.Errors;
using Meridian.Gateway.Http;
using Meridian.Routing.Decision;
using Meridian.Routing.Snapshots;
using Microsoft.AspNetCore.Http;

namespace Meridian.Gateway.OpenAi.Models;

/// <summary><c>GET /v1/models</c> and <c>GET /v1/models/{id}</c>: the models that the intent declares, whether or not a replica is ready now.</summary>
internal sealed class ModelsEndpoints(IRegionDirectory directory)
{
    public Task ListAsync(HttpContext context)
    {
        var list = new ModelList { Data = Array.ConvertAll(directory.Current.Intent.Models, ToObject) };
        return context.Response.WriteAsJsonAsync(list, ModelsJson.Default.ModelList, contentType: null, context.RequestAborted);
    }

    public Task GetAsync(HttpContext context)
    {
        var id = RouteValues.ModelId(context);
        return RoutingDirector.Find(directory.Current.Intent, id) is { } model
            ? context.Response.WriteAsJsonAsync(ToObject(model), ModelsJson.Default.ModelObject, contentType: null, context.RequestAborted)
            : ApiErrorWriter.WriteAsync(context, ApiError.ModelNotFound(id));
    }

    private static ModelObject ToObject(ModelDeclaration model) => new() { Id = model.Name, Created = model.Created, OwnedBy = model.OwnedBy };
}
