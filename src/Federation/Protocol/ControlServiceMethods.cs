using Grpc.AspNetCore.Server.Model;
using Meridian.Federation.Regions;

namespace Meridian.Federation.Protocol;

/// <summary>Binds <see cref="RegionProtocol.WatchControl"/> to <see cref="ControlService"/>.</summary>
internal sealed class ControlServiceMethods : IServiceMethodProvider<ControlService>
{
    public void OnServiceMethodDiscovery(ServiceMethodProviderContext<ControlService> context) =>
        context.AddServerStreamingMethod(RegionProtocol.WatchControl, [], static (service, request, intents, call) => service.WatchAsync(request, intents, call));
}
