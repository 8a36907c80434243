using Grpc.Core;
using Meridian.Federation.Directory;

namespace Meridian.Federation.Protocol;

/// <summary>The serving side of <see cref="RegionProtocol.Watch"/>.</summary>
internal static class IntentPush
{
    /// <summary>Writes the current intent and every newer one until the token fires or the observer goes.</summary>
    /// <param name="source">Where intent comes from.</param>
    /// <param name="known">Epoch that the observer has.</param>
    /// <param name="intents">The observer.</param>
    public static async Task PushAsync(IIntentSource source, long known, IServerStreamWriter<Intent> intents, CancellationToken cancellationToken)
    {
        var current = source.Current;
        while (true)
        {
            if (current.Epoch > known)
            {
                await intents.WriteAsync(current, cancellationToken).ConfigureAwait(false);
                known = current.Epoch;
            }

            current = await source.WaitForChangeAsync(known, cancellationToken).ConfigureAwait(false);
        }
    }
}
