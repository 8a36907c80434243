using Grpc.AspNetCore.Server.Model;

namespace Meridian.Intents.Peers;

/// <summary>Binds <see cref="IntentProtocol"/> to <see cref="IntentService"/> in code.</summary>
internal sealed class IntentServiceMethods : IServiceMethodProvider<IntentService>
{
    public void OnServiceMethodDiscovery(ServiceMethodProviderContext<IntentService> context)
    {
        context.AddUnaryMethod(IntentProtocol.Change, [], static (service, request, call) => service.ChangeAsync(request, call));
        context.AddUnaryMethod(IntentProtocol.Barrier, [], static (service, request, call) => service.BarrierAsync(request, call));
        context.AddUnaryMethod(IntentProtocol.AddVoter, [], static (service, request, call) => service.AddVoterAsync(request, call));
        context.AddUnaryMethod(IntentProtocol.RemoveVoter, [], static (service, request, call) => service.RemoveVoterAsync(request, call));
        context.AddUnaryMethod(IntentProtocol.State, [], static (service, request, call) => service.StateAsync(request, call));
    }
}
