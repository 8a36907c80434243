using Meridian.Federation;

namespace Meridian.Silo.Hosting;

/// <summary>Keeps the two doors apart: what is mapped for one is not found at the other.</summary>
internal static class RegionListenerExtensions
{
    private static readonly object Protocol = new();

    /// <summary>Maps the region protocol. Requests of its port end here, so none of the facade's middleware costs them anything.</summary>
    public static void UseRegionListeners(this WebApplication app, RegionListeners listeners)
    {
        var port = listeners.Protocol.Port;
        app.UseRouting();
        app.Use(next => context =>
        {
            var endpoint = context.GetEndpoint();
            var isProtocol = endpoint is not null && endpoint.Metadata.Contains(Protocol);
            if (isProtocol != (context.Connection.LocalPort == port))
            {
                context.Response.StatusCode = StatusCodes.Status404NotFound;
                return Task.CompletedTask;
            }

            return isProtocol ? endpoint!.RequestDelegate!(context) : next(context);
        });
        app.MapMeridianRegionProtocol().WithMetadata(Protocol);
    }
}
