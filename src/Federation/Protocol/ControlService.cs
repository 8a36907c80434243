using Grpc.Core;
using Meridian.Federation.Regions;
using Meridian.Routing.Snapshots;
using Microsoft.Extensions.Hosting;

namespace Meridian.Federation.Protocol;

/// <summary>
/// Serves the region's other processes, in the process that keeps the intent log: <see cref="RegionProtocol.WatchControl"/>, on the control address.
/// </summary>
internal sealed class ControlService(IIntentSource intent, IHostApplicationLifetime lifetime)
{
    public Task WatchAsync(WatchRequest request, IServerStreamWriter<Intent> intents, ServerCallContext context) =>
        IntentPush.ServeAsync(intent, request, intents, context, lifetime.ApplicationStopping);
}
