using Grpc.Core;
using Meridian.Federation.Directory;
using Microsoft.Extensions.Hosting;

namespace Meridian.Federation.Protocol;

/// <summary>What a process that keeps the intent log offers to the region's other processes: <see cref="RegionProtocol.WatchControl"/>, on the control address.</summary>
internal sealed class ControlService(IIntentSource intent, IHostApplicationLifetime lifetime)
{
    public async Task WatchAsync(WatchRequest request, IServerStreamWriter<Intent> intents, ServerCallContext context)
    {
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        try
        {
            await IntentPush.PushAsync(intent, request.KnownEpoch, intents, ends.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (RegionService.IsEnd(exception, ends.Token))
        {
        }
    }
}
