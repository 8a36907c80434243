using Meridian.Federation.Hosting;
using Meridian.Gateway.Access;
using Meridian.Intents.Hosting;

namespace Meridian.Silo.Hosting;

/// <summary>Keeps the doors apart: what is mapped for one is not found at the others.</summary>
internal static class RegionListenerExtensions
{
    /// <summary>Maps region protocol and control. Requests of their ports end here, so none of the facade's middleware costs them anything.</summary>
    /// <param name="app">The process's pipeline.</param>
    /// <param name="listeners">Its doors.</param>
    /// <param name="hosts">Names that region protocol and control answer to.</param>
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

    /// <summary>Puts the intent log's service alone into the pipeline: a witness has no other door.</summary>
    public static void UseWitnessListener(this WebApplication app, PermittedHosts hosts)
    {
        app.UseRouting();
        app.Use(next => context => Admits(context, hosts) ? next(context) : Task.CompletedTask);
        app.MapMeridianIntentLog();
    }

    /// <summary>Other processes of the installation are no browsers: whatever names a page, or calls this one by a name that is not its own, is refused.</summary>
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

    /// <summary>The port that an endpoint is for.</summary>
    private sealed record Door(int Port);
}
