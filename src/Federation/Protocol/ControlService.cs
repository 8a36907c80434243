using Grpc.Core;
using Meridian.Federation.Regions;
using Meridian.Routing.Snapshots;
using Microsoft.Extensions.Hosting;

namespace Meridian.Federation.Protocol;

/// <summary>What a process that keeps the intent log offers to the region's other processes: <see cref="RegionProtocol.WatchControl"/>, on the control address.</summary>
internal sealed class ControlService(IIntentSource intent, IHostApplicationLifetime lifetime)
{
    public Task WatchAsync(WatchRequest request, IServerStreamWriter<Intent> intents, ServerCallContext context) =>
        IntentPush.ServeAsync(intent, request, intents, context, lifetime.ApplicationStopping);
}
