using Grpc.AspNetCore.Server.Model;
using Meridian.Federation.Regions;

namespace Meridian.Federation.Protocol;

/// <summary>Binds <see cref="RegionProtocol"/> to <see cref="RegionService"/> in code; there is no generated base class.</summary>
internal sealed class RegionServiceMethods : IServiceMethodProvider<RegionService>
{
    public void OnServiceMethodDiscovery(ServiceMethodProviderContext<RegionService> context)
    {
        context.AddUnaryMethod(RegionProtocol.Infer, [], static (service, request, call) => service.InferAsync(request, call));
        context.AddServerStreamingMethod(RegionProtocol.Open, [], static (service, request, replies, call) => service.OpenAsync(request, replies, call));
        context.AddDuplexStreamingMethod(RegionProtocol.Heartbeat, [], static (service, beats, acks, call) => service.HeartbeatAsync(beats, acks, call));
        context.AddServerStreamingMethod(RegionProtocol.Watch, [], static (service, request, intents, call) => service.WatchAsync(request, intents, call));
    }
}
