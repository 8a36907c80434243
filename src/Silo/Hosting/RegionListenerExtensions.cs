using Meridian.Federation;
using Meridian.Federation.Intents;

namespace Meridian.Silo.Hosting;

/// <summary>Keeps the doors apart: what is mapped for one is not found at the others.</summary>
internal static class RegionListenerExtensions
{
    /// <summary>Maps region protocol and control. Requests of their ports end here, so none of the facade's middleware costs them anything.</summary>
    public static void UseRegionListeners(this WebApplication app, RegionListeners listeners)
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

            return own is null ? next(context) : endpoint!.RequestDelegate!(context);
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

    /// <summary>The port that an endpoint is for.</summary>
    private sealed record Door(int Port);
}
