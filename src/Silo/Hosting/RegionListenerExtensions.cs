using Meridian.Federation.Hosting;
using Meridian.Gateway.Access;
using Meridian.Intents.Hosting;

namespace Meridian.Silo.Hosting;

/// <summary>Separates the listeners of a process: an endpoint of one listener answers 404 on the ports of the others.</summary>
internal static class RegionListenerExtensions
{
    /// <summary>Maps the region protocol and control. Requests on their ports end here, so they do not pay for the facade's middleware.</summary>
    /// <param name="app">The process's pipeline.</param>
    /// <param name="listeners">Its listeners.</param>
    /// <param name="hosts">Host names that region protocol and control accept.</param>
    public static void UseRegionListeners(this WebApplication app, RegionListeners listeners, PermittedHosts hosts)
    {
        app.UseRouting();
        app.Use(next => context =>
        {
            var endpoint = context.GetEndpoint();
            var port = context.Connection.LocalPort;
            var own = endpoint?.Metadata.GetMetadata<Door>();
            var isFacade = port == listeners.Facade?.Port;
            if (own is null ? !isFacade : own.Port != port)
            {
                context.Response.StatusCode = StatusCodes.Status404NotFound;
                return Task.CompletedTask;
            }

            if (own is null)
            {
                return next(context);
            }

            return Admits(context, hosts) ? endpoint!.RequestDelegate!(context) : Task.CompletedTask;
        });
        if (listeners.Protocol is not null)
        {
            app.MapMeridianRegionProtocol().WithMetadata(new Door(listeners.Protocol.Port));
        }

        if (listeners.Control is not null)
        {
            var door = new Door(listeners.Control.Port);
            app.MapMeridianControl().WithMetadata(door);
            app.MapMeridianIntentLog().WithMetadata(door);
        }
    }

    /// <summary>Adds only the intent log's service to the pipeline: a witness has no other listener.</summary>
    public static void UseWitnessListener(this WebApplication app, PermittedHosts hosts)
    {
        app.UseRouting();
        app.Use(next => context => Admits(context, hosts) ? next(context) : Task.CompletedTask);
        app.MapMeridianIntentLog();
    }

    /// <summary>
    /// Only other processes of the installation use these ports, never browsers. So a request with an <c>Origin</c> or <c>Sec-Fetch-Site</c> header is refused
    /// (403), and so is a request for a host name that this process does not have (421).
    /// </summary>
    private static bool Admits(HttpContext context, PermittedHosts hosts)
    {
        var headers = context.Request.Headers;
        if (!hosts.Permits(headers.Host.ToString(), context.Connection.LocalIpAddress))
        {
            context.Response.StatusCode = StatusCodes.Status421MisdirectedRequest;
        }
        else if (headers.Origin.Count > 0 || headers.ContainsKey("sec-fetch-site"))
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
        }
        else
        {
            return true;
        }

        return false;
    }

    /// <summary>Endpoint metadata: the port on which the endpoint is served.</summary>
    private sealed record Door(int Port);
}
