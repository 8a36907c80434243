using Meridian.Routing.Snapshots;

namespace Meridian.Federation.Regions;

/// <summary>Source of the intent: the intent log, another process that has the log, or configuration.</summary>
public interface IIntentSource
{
    /// <value>The newest intent known here. The object is immutable; a newer intent replaces it as a whole.</value>
    Intent Current { get; }

    /// <summary>Completes when <see cref="Current"/> has an epoch above <paramref name="knownEpoch"/>.</summary>
    Task<Intent> WaitForChangeAsync(long knownEpoch, CancellationToken cancellationToken);
}
