using Grpc.Core;
using Meridian.Federation.Regions;
using Meridian.Routing.Snapshots;

namespace Meridian.Federation.Protocol;

/// <summary>The serving side of <see cref="RegionProtocol.Watch"/> and <see cref="RegionProtocol.WatchControl"/>.</summary>
internal static class IntentPush
{
    /// <summary>Writes the current intent and every newer one until the observer goes or the process begins to stop.</summary>
    /// <param name="source">Source of the intent.</param>
    /// <param name="request">Says which epoch the observer already has.</param>
    /// <param name="intents">Writes to the observer.</param>
    /// <param name="context">The call.</param>
    /// <param name="stopping">Fires when the process begins to stop.</param>
    public static async Task ServeAsync(IIntentSource source, WatchRequest request, IServerStreamWriter<Intent> intents, ServerCallContext context, CancellationToken stopping)
    {
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, stopping);
        try
        {
            var known = request.KnownEpoch;
            var current = source.Current;
            while (true)
            {
                if (current.Epoch > known)
                {
                    await intents.WriteAsync(current, ends.Token).ConfigureAwait(false);
                    known = current.Epoch;
                }

                current = await source.WaitForChangeAsync(known, ends.Token).ConfigureAwait(false);
            }
        }
        catch (Exception exception) when (RegionService.IsEnd(exception, ends.Token))
        {
        }
    }
}
